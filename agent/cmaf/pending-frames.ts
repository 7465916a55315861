import type { Frame } from '../media/frame.ts';
import { ticks, type Ticks } from '../../protocol/units.ts';
import type { Sample } from './fragment.ts';

/**
 * Frames that no fragment has yet, and what has been told of those before them.
 *
 * A sample has the time of its frame, but for the first after a hiccup, which begins where the media before it ended. «If the
 * difference between decode timestamp and last decode timestamp is greater than 2 times last frame duration» a player needs
 * a random access point (Media Source Extensions, coded frame processing): it would throw away everything up to the next
 * keyframe, and stop at the hole.
 */
export class PendingFrames {
  #frames: Frame[] = [];
  /** When the last sample of the last fragment ends. */
  #told: Ticks | undefined;

  get first(): Frame | undefined {
    return this.#frames[0];
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
  }

  /**
   * All of them, as the samples of a fragment.
   * @param spacing how long the last one lasts: nobody knows before the next is there, and no one is to wait for that
   * @param earliest before which the first one doesn't begin, even to leave no hole
   */
  take(spacing: Ticks, earliest: Ticks): Sample[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames.map(({ time, compositionOffset, keyframe, data, size }, index): Sample => {
      const start = index === 0 ? this.#beginning(time, spacing, earliest) : time;
      const end = frames[index + 1]?.time ?? ticks(time + spacing);
      this.#told = end;
      return { time: start, duration: ticks(end - start), compositionOffset, keyframe, data, size };
    });
  }

  #beginning(time: Ticks, spacing: Ticks, earliest: Ticks): Ticks {
    if (this.#told === undefined || time - this.#told <= Math.floor(spacing / 2)) return time;
    return ticks(Math.max(this.#told, Math.min(time, earliest)));
  }
}
