import { milliseconds, ticks, ticksOfMilliseconds, type Ticks } from '../../protocol/units.ts';

/** How many distances are looked at. */
const LOOK_BACK = 7;
/** Until two frames are known: what most cameras are set to. */
const UNKNOWN = ticksOfMilliseconds(milliseconds(40));

/** How far apart a camera's frames are, measured: the median of the last distances, whatever hiccup is among them. */
export class FrameSpacing {
  readonly #distances: number[] = [];
  #last: Ticks | undefined;

  /** To the next frame, as far as one can know. */
  get value(): Ticks {
    const sorted = this.#distances.toSorted((a, b) => a - b);
    return ticks(sorted[sorted.length >> 1] ?? UNKNOWN);
  }

  push(time: Ticks): void {
    if (this.#last !== undefined && time > this.#last) {
      this.#distances.push(time - this.#last);
      if (this.#distances.length > LOOK_BACK) this.#distances.shift();
    }
    this.#last = time;
  }
}
