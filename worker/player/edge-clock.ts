/** The clock of the edge, by what dash.js measures of it. Milliseconds since 1970. */
export class EdgeClock {
  #offsetMs = 0;

  /** Edge less browser; what is not a number leaves the clock as it is. */
  set(offsetMs: unknown): void {
    if (typeof offsetMs === 'number' && Number.isFinite(offsetMs)) this.#offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }
}
