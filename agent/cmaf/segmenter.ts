import type { Frame } from '../media/frame.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { seconds, secondsOfTicks, ticks, ticksOfSeconds, type Seconds, type Ticks } from '../../protocol/units.ts';
import type { Sample } from './fragment.ts';

/**
 * Cuts the frames of one track into segments and fragments. It decides and returns what is to be done; it does none of it,
 * and knows no clock but the frames' own.
 *
 * There are two ways of cutting: `ForcedSegmenter`, where our own encoder begins each segment with a keyframe, and
 * `SliceSegmenter`, where keyframes lie where the camera put them.
 */
export interface Segmenter {
  /** @throws TimestampJump */
  push(frame: Frame): Step[];
  /**
   * No more frames come. What is left of the current segment is told, but a segment that has not reached its end is
   * not closed: it must never look complete.
   */
  end(): Step[];
}

/** Every number from the first to the last is told exactly once: opened and closed, or skipped. */
export type Step =
  /**
   * Readers of the segment may be let in. Where keyframes may lie anywhere, `keyframe` is the segment of the last one there is.
   */
  | { readonly kind: 'open'; readonly number: SegmentNumber; readonly keyframe?: SegmentNumber }
  /** More of an open segment. */
  | { readonly kind: 'fragment'; readonly number: SegmentNumber; readonly samples: readonly Sample[] }
  /** The segment is complete. */
  | { readonly kind: 'close'; readonly number: SegmentNumber }
  /** There are no segments of these numbers, both ends included; none of them was opened. */
  | { readonly kind: 'skip'; readonly from: SegmentNumber; readonly to: SegmentNumber }
  /** The frame is part of no segment. */
  | { readonly kind: 'drop'; readonly frame: Frame };

/** Times went astray by more than frames left out could mend: whoever makes them is to be started anew. */
export class TimestampJump extends Error {
  override readonly name = 'TimestampJump';
  /** Negative when it went back. */
  readonly by: Seconds;

  constructor(by: Seconds, expected: string) {
    super(`frame time: expected ${expected} of the frame before, got ${by.toFixed(3)} s from it`);
    this.by = by;
  }
}

const MAX_FORWARD = ticksOfSeconds(seconds(10));
/** To leave out frames until time has caught up would be to stand still for so long. */
const MAX_BACK = ticksOfSeconds(seconds(0.5));

/** @param last time of the last frame that came in order @throws TimestampJump */
export function checkForJump(time: Ticks, last: Ticks): void {
  const by = ticks(time - last);
  if (by > MAX_FORWARD || by < -MAX_BACK) throw new TimestampJump(secondsOfTicks(by), 'within −0.5 to 10 s');
}
