import type { Clock } from '../clock.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/**
 * What an edge owes while a PUT is under way, and for how long: else the way to it counts as dead.
 *
 *     nothing ──next bytes held out──▶ to take them ──taken──▶ nothing
 *        └──────all are taken────────▶ an answer
 *
 * Both are due 2 s after the segment's end: until then another agent's PUT of the same segment may be under way, and the
 * edge takes no more than it has room for. But from 10 s on it is more likely that nobody is there.
 */
const AFTER_END_MS = { first: 2000, most: 10_000 };
const TAKING_MS = { first: 10_000, most: 60_000 };

/** Each next attempt is given twice as long. */
export const doubled = ({ first, most }: { first: number; most: number }, attempts: number): number =>
  Math.min(most, first * 2 ** (attempts - 1));

export interface ReactionOptions {
  /** When the segment ends, by the monotonic clock. */
  readonly ends: Milliseconds;
  /** Which one this is, from 1 on. */
  readonly attempts: number;
  readonly clock: Clock;
}

interface Debt {
  readonly kind: 'taking' | 'answer';
  readonly since: Milliseconds;
}

export class Reaction {
  readonly #ends: Milliseconds;
  readonly #clock: Clock;
  readonly #afterEnd: number;
  readonly #taking: number;
  #owed: Debt | undefined;

  constructor({ ends, attempts, clock }: ReactionOptions) {
    this.#ends = ends;
    this.#clock = clock;
    this.#afterEnd = doubled(AFTER_END_MS, attempts);
    this.#taking = doubled(TAKING_MS, attempts);
  }

  /** Passes a body on, and sees when it is taken. */
  async *see(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#owed = { kind: 'taking', since: this.#clock.monotonic() };
      yield piece;
      this.#owed = undefined;
    }
    this.#owed = { kind: 'answer', since: this.#clock.monotonic() };
  }

  /** How long the answer has been owed. */
  get answerTime(): Milliseconds {
    return milliseconds(this.#owed?.kind === 'answer' ? this.#clock.monotonic() - this.#owed.since : 0);
  }

  /** Resolves when it has been owed for too long, with what and how long; with undefined when the signal is aborted. */
  async missing(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const now = this.#clock.monotonic();
      const owed = this.#owed;
      // What is not owed yet can't be due before that.
      const due = owed === undefined ? now + this.#afterEnd : this.#due(owed);
      if (owed !== undefined && due <= now) {
        return `the edge has ${owed.kind === 'answer' ? 'not answered' : 'taken nothing'} for ${(now - owed.since) / 1000} s`;
      }
      await this.#clock.sleep(milliseconds(due - now), signal);
    }
    return undefined;
  }

  #due({ kind, since }: Debt): number {
    const due = Math.max(since, this.#ends) + this.#afterEnd;
    return kind === 'answer' ? due : Math.min(due, since + this.#taking);
  }
}
