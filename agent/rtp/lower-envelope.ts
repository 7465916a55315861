/** The least of what was seen of late: within the last one to two spans, or in the last span in which anything was seen. */
export class LowerEnvelope {
  readonly #span: number;
  #began: number | undefined;
  #current = Infinity;
  #before = Infinity;

  constructor(span: number) {
    this.#span = span;
  }

  /** Infinity before anything was seen. */
  get value(): number {
    return Math.min(this.#current, this.#before);
  }

  /** @param at in the span's unit; never goes back */
  add(value: number, at: number): void {
    this.#began ??= at;
    if (at - this.#began >= this.#span) {
      this.#before = this.#current;
      this.#current = Infinity;
      this.#began = at;
    }
    this.#current = Math.min(this.#current, value);
  }
}
