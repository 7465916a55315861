/**
 * The clock of the edge, in milliseconds since 1970. dash.js measures it once, while the page is busy starting, and is
 * then wrong by up to 50 ms; so it is asked for again and again, and the quickest answers count.
 */
export class EdgeClock {
  #offsetMs = 0;
  #uncertaintyMs = Infinity;
  #measuredAt = -Infinity;
  #asked = 0;
  #askedAt = -Infinity;
  /** Where it is asked. */
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** What somebody else has measured, edge less browser, until we have. No number leaves the clock as it is. */
  suggest(offsetMs: unknown): void {
    if (typeof offsetMs !== 'number' || !Number.isFinite(offsetMs) || this.#uncertaintyMs < Infinity) return;
    this.#offsetMs = offsetMs;
  }

  /** Asks the edge when it is time to; call it often. */
  keep(): void {
    const now = performance.now();
    if (now - this.#askedAt < (this.#asked < FIRST_ASKS ? FIRST_INTERVAL_MS : INTERVAL_MS)) return;
    this.#asked += 1;
    this.#askedAt = now;
    // Without an answer the clock is what it was.
    this.#ask().catch(() => {});
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** The shortest that an answer took lately; 0 before the first. */
  get roundTripMs(): number {
    return this.#uncertaintyMs === Infinity ? 0 : 2 * this.#uncertaintyMs;
  }

  async #ask(): Promise<void> {
    const [asked, from] = [Date.now(), performance.now()];
    const answer = await fetch(this.url, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const now = performance.now();
    const time = Date.parse(await answer.text());
    const uncertaintyMs = (now - from) / 2;
    if (!answer.ok || Number.isNaN(time)) return;
    if (uncertaintyMs > this.#uncertaintyMs + DRIFT * (now - this.#measuredAt)) return;
    this.#offsetMs = time - (asked + uncertaintyMs);
    this.#uncertaintyMs = uncertaintyMs;
    this.#measuredAt = now;
  }
}

const FIRST_ASKS = 5;
const FIRST_INTERVAL_MS = 1000;
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5000;
/** By which two clocks may go apart. */
const DRIFT = 1e-4;
