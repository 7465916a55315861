import type { Milliseconds } from '../protocol/units.ts';
import { elapsed } from './elapsed.ts';

const PAUSE_MS = 20;
/** Whoever asks may go away, and its question with it. */
const PATIENCE_MS = 5000;

/**
 * What many requests want to know at one time, and the isolate asks once: the answer serves all who come within `fresh`.
 * Values only: a promise made for one request can't be awaited in another, so those who come while one asks look now and
 * then whether it knows.
 */
export class Kept<T> {
  readonly #fresh: Milliseconds;
  #known: { readonly value: T; readonly at: Milliseconds; readonly turn: number } | undefined;
  /** The latest question, and the latest that is over. */
  #turn = 0;
  #over = 0;

  constructor(fresh: Milliseconds) {
    this.#fresh = fresh;
  }

  /** @param ask given what was known before @throws what it throws, to the one who asked: then the next one asks */
  async get(now: Milliseconds, ask: (before: T | undefined) => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#known !== undefined && elapsed(this.#known.at, now) < this.#fresh) return this.#known.value;
      const turn = this.#turn;
      if (this.#over >= turn) return this.#ask(now, ask);
      await this.#untilOver(turn);
      if (this.#known?.turn === turn) return this.#known.value;
    }
  }

  async #ask(now: Milliseconds, ask: (before: T | undefined) => Promise<T>): Promise<T> {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const value = await ask(this.#known?.value);
      this.#known = { value, at: now, turn };
      return value;
    } finally {
      this.#isOver(turn);
    }
  }

  async #untilOver(turn: number): Promise<void> {
    for (let waited = 0; this.#over < turn && waited < PATIENCE_MS; waited += PAUSE_MS) await scheduler.wait(PAUSE_MS);
    this.#isOver(turn);
  }

  #isOver(turn: number): void {
    this.#over = Math.max(this.#over, turn);
  }
}
