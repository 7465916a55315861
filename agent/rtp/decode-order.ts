import { milliseconds, ticks, ticksOfMilliseconds, type Ticks } from '../../protocol/units.ts';

/** A picture buffer has room for no more (H.264, A.3.1; H.265, A.4.2). */
const MAX_REORDERED = 16;
/** More than this nobody has whose parameter sets don't say so. */
const MAX_UNTOLD = 5;
/** How far frames are taken to be apart before two were seen. */
const FIRST_STEP = ticksOfMilliseconds(milliseconds(40));

/**
 * When frames are to be decoded. RTP says when they are seen, and sends them in the order of decoding: with B frames that is
 * another one. Where `n` frames at most are decoded before one that is seen earlier, decoding goes through the times of
 * seeing in their order, n frames early: each frame has then been decoded when it is to be seen, and no frame has to be
 * waited for to know.
 *
 *     sent, seen at   0 3 1 2 6 4 5     n = 1
 *     decoded at     −1 0 1 2 3 4 5
 */
export class DecodeOrder {
  #depth = 0;
  #told = false;
  /** Times of seeing that were no times of decoding yet, in their order: `depth` of them, between frames. */
  readonly #waiting: Ticks[] = [];
  /** When the newest frames are seen, in the order in which they came. */
  readonly #recent: Ticks[] = [];
  #decoded = ticks(-Infinity);

  /** How many frames back a time may go that is a B frame's. */
  get back(): number {
    if (!this.#told) return MAX_UNTOLD;
    return this.#depth === 0 ? 0 : MAX_REORDERED;
  }

  /** @param reordered what the parameter sets say; undefined: nothing. Then there are no B frames until one comes. */
  configure(reordered: number | undefined): void {
    this.#told = reordered !== undefined;
    if (reordered === undefined) return;
    this.#depth = reordered;
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - reordered));
  }

  /** @param seen when the next frame is to be seen @returns when it is to be decoded */
  next(seen: Ticks): Ticks {
    if (seen < this.#decoded) {
      const before = this.#recent.reduce((count, time) => count + (time > seen ? 1 : 0), 0);
      this.#depth = Math.max(this.#depth, before);
    }
    this.#recent.push(seen);
    if (this.#recent.length > MAX_REORDERED) this.#recent.shift();
    const later = this.#waiting.findIndex((time) => time > seen);
    this.#waiting.splice(later === -1 ? this.#waiting.length : later, 0, seen);
    const [first = seen] = this.#waiting;
    // Before the first frame nothing was seen.
    const missing = Math.max(0, this.#depth + 1 - this.#waiting.length);
    if (missing === 0) this.#waiting.shift();
    // Where frames turn out to be reordered, time stands still for as many of them as it has run ahead.
    this.#decoded = ticks(Math.max(this.#decoded, first - missing * FIRST_STEP));
    return this.#decoded;
  }
}
