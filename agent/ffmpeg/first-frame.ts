import type { Frame } from '../media/frame.ts';
import { ticks, type Ticks } from '../../protocol/units.ts';

/**
 * FFmpeg is made to back-date its first frame to the segment boundary before it, because it counts from there when it forces
 * keyframes (see `arguments.ts`). This puts it back to when it was captured: that shows as soon as the second one is there,
 * a frame's time before it.
 *
 *     (none) ──first──▶ held ──second: both go on──▶ over
 */
export class FirstFrame {
  /** From one frame to the next, as it should be. */
  readonly #nominal: Ticks;
  #state: 'none' | 'over' | Frame = 'none';

  constructor(nominal: Ticks) {
    this.#nominal = nominal;
  }

  /** @returns what may go on, in order */
  push(frame: Frame): readonly Frame[] {
    if (this.#state === 'over') return [frame];
    if (this.#state === 'none') {
      this.#state = frame;
      return [];
    }
    const first = this.#state;
    if (frame.time <= first.time) return [];
    this.#state = 'over';
    return [{ ...first, time: ticks(Math.max(first.time, frame.time - this.#nominal)) }, frame];
  }
}
