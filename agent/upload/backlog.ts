import type { Milliseconds } from '../../protocol/units.ts';
import type { SegmentBody } from './segment-body.ts';

/** For all cameras of an agent: half a minute of a hundred Mbit/s. */
const BUDGET_BYTES = 384 * 1024 * 1024;

/**
 * What an agent owes to its edge: the segments that have not been acknowledged, all cameras' together, within a budget.
 *
 * The live edge never waits for the past: when there is no room the oldest segments go, and those that are sent again
 * after their time take turns, one at a time, so that they don't take the uplink from what is live.
 */
export class Backlog {
  readonly #budget: number;
  /** Oldest first. */
  readonly #owed = new Set<SegmentBody>();
  #bytes = 0;
  readonly #waiting = new Set<Waiting>();
  #taken = false;

  constructor(budgetBytes = BUDGET_BYTES) {
    this.#budget = budgetBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(body: SegmentBody): void {
    this.#owed.add(body);
    this.#bytes += body.size;
  }

  append(body: SegmentBody, piece: Uint8Array): void {
    const before = body.size;
    body.append(piece);
    if (!this.#owed.has(body)) return;
    this.#bytes += body.size - before;
    for (const oldest of this.#owed) {
      if (this.#bytes <= this.#budget) return;
      this.settle(oldest);
      oldest.drop('no room to keep it until the edge takes it');
    }
  }

  /** It is no longer owed. */
  settle(body: SegmentBody): void {
    if (this.#owed.delete(body)) this.#bytes -= body.size;
  }

  /** Waits for a turn to send what is past, the newest first; it lasts until it is disposed of. Throws when aborted. */
  async turn(time: Milliseconds, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#taken) await this.#wait(time, signal);
    this.#taken = true;
    return { [Symbol.dispose]: () => this.#pass() };
  }

  #wait(time: Milliseconds, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(place);
        reject(signal.reason as Error);
      };
      const begin = (): void => {
        this.#waiting.delete(place);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const place = { time, begin };
      this.#waiting.add(place);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #pass(): void {
    const [newest] = [...this.#waiting].toSorted((a, b) => b.time - a.time);
    if (newest === undefined) this.#taken = false;
    else newest.begin();
  }
}

interface Waiting {
  readonly time: Milliseconds;
  readonly begin: () => void;
}
