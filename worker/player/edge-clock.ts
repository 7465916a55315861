import { ahead, sighted, type Bounds } from '../../protocol/edge-clock.ts';
import { milliseconds } from '../../protocol/units.ts';

/**
 * The clock of the edge, in milliseconds since 1970. dash.js measures it once, while the page is busy starting, and is
 * then wrong by up to 50 ms; so it is asked for again and again, and the quickest answers count. In between a clock
 * carries it on that nobody can set; when somebody sets the browser's, the edge's may be the same one, and is asked.
 */
export class EdgeClock {
  /** What it was last known to be ahead of `performance.now()`. */
  #bounds: Bounds | undefined;
  /** The same, until we have measured it. */
  #suggestedMs = browserAheadMs();
  #roundTripMs = 0;
  #asked = 0;
  #askedAt = -Infinity;
  #browserAheadMs = browserAheadMs();
  /** Where it is asked. */
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** What somebody else has measured, edge less browser, until we have. No number leaves the clock as it is. */
  suggest(offsetMs: unknown): void {
    if (typeof offsetMs === 'number' && Number.isFinite(offsetMs)) this.#suggestedMs = browserAheadMs() + offsetMs;
  }

  /** Asks the edge when it is time to; call it often. */
  keep(): void {
    const now = performance.now();
    const wasSet = Math.abs(browserAheadMs() - this.#browserAheadMs) > SET_MS;
    if (!wasSet && now - this.#askedAt < (this.#asked < FIRST_ASKS ? FIRST_INTERVAL_MS : INTERVAL_MS)) return;
    if (wasSet) this.#asked = 0;
    this.#browserAheadMs = browserAheadMs();
    this.#asked += 1;
    this.#askedAt = now;
    // Without an answer the clock is what it was.
    this.#ask().catch(() => {});
  }

  now(): number {
    return performance.now() + (this.#bounds === undefined ? this.#suggestedMs : ahead(this.#bounds));
  }

  /** The shortest that an answer took lately; 0 before the first. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  async #ask(): Promise<void> {
    const asked = performance.now();
    const answer = await fetch(this.url, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answered = performance.now();
    const told = Date.parse(await answer.text());
    if (!answer.ok || Number.isNaN(told)) return;
    this.#bounds = sighted(this.#bounds, {
      asked: milliseconds(asked),
      answered: milliseconds(answered),
      told: milliseconds(told),
      unit: milliseconds(1),
    });
    const shortest = this.#roundTripMs === 0 ? Infinity : this.#roundTripMs + FORGOTTEN_MS;
    this.#roundTripMs = Math.min(answered - asked, shortest);
  }
}

/** How far the browser's wall clock is ahead of the clock that nobody sets. */
const browserAheadMs = (): number => Date.now() - performance.now();

const FIRST_ASKS = 5;
const FIRST_INTERVAL_MS = 1000;
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5000;
/** More than a clock is set by when it is only put right, and than a moment's pause between two looks at it. */
const SET_MS = 100;
/** By so much a round trip may be longer than the shortest before it, with each answer. */
const FORGOTTEN_MS = 6;
