import { setImmediate as turn, setTimeout as realSleep } from 'node:timers/promises';
import type { Clock } from '../agent/clock.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';

/** Time that goes by only when a test says so. */
export class SimulatedClock implements Clock {
  #monotonic = 0;
  #ahead: number;
  readonly #sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();

  /** @param wall what the wall clock shows first */
  constructor(wall = Date.UTC(2026, 0, 1)) {
    this.#ahead = wall;
  }

  readonly wall = (): Milliseconds => milliseconds(this.#monotonic + this.#ahead);
  readonly monotonic = (): Milliseconds => milliseconds(this.#monotonic);

  readonly sleep = (time: Milliseconds, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { due: this.#monotonic + time, wake };
      if (signal?.aborted === true) return resolve();
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });

  /** Somebody sets the wall clock: forward, or back. */
  step(by: number): void {
    this.#ahead += by;
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /**
   * Lets time go by: who sleeps wakes in order, and does what it has to do before the next one does.
   * @param done whether that is done, where it is done over a network, in real time
   */
  async advance(time: number, done = () => true): Promise<void> {
    const until = this.#monotonic + time;
    for (await turn(); ; await turn()) {
      while (!done()) await realSleep(1);
      const [first] = [...this.#sleepers].toSorted((a, b) => a.due - b.due);
      if (first === undefined || first.due > until) break;
      this.#monotonic = Math.max(this.#monotonic, first.due);
      first.wake();
    }
    this.#monotonic = until;
  }
}
