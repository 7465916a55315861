import { milliseconds, ticks, ticksOfMilliseconds, type Ticks } from '../../protocol/units.ts';

/** How many distances are looked at. */
const LOOK_BACK = 4;
/** Until two frames are known: what most cameras are set to. */
const UNKNOWN = ticksOfMilliseconds(milliseconds(40));

/**
 * How far apart a camera's frames are, measured: the least of the last distances, since one that is long may be a hiccup, and
 * whoever expects a frame too early only waits for it.
 */
export class FrameSpacing {
  readonly #distances: number[] = [];
  #last: Ticks | undefined;

  /** To the next frame, as far as one can know. */
  get value(): Ticks {
    return this.#distances.length === 0 ? UNKNOWN : ticks(Math.min(...this.#distances));
  }

  push(time: Ticks): void {
    if (this.#last !== undefined && time > this.#last) {
      this.#distances.push(time - this.#last);
      if (this.#distances.length > LOOK_BACK) this.#distances.shift();
    }
    this.#last = time;
  }
}
