import { ticks, type Seconds } from '../../protocol/units.ts';
import { fragment, segmentHeader, type Sample } from './fragment.ts';

/** How a stream is cut. */
export interface Cut {
  /** Frames a second. */
  readonly frameRate: number;
  readonly fragmentDuration: Seconds;
  readonly segmentDuration: Seconds;
}

const NO_BYTES: Sample = {
  ...{ time: ticks(0), duration: ticks(0), compositionOffset: ticks(0), keyframe: false, data: [], size: 0 },
};

/**
 * Bits a second that fragments and segments add to the frames in them. What a manifest calls `bandwidth` is all that is to be
 * sent (ISO/IEC 23009-1, 5.3.5.2): at 25 fragments a second the boxes are 30 kbit/s.
 */
export function framingBitrate({ frameRate, fragmentDuration, segmentDuration }: Cut): number {
  // As the segmenters do: a fragment is full when another half frame would be too much.
  const framesEach = Math.max(1, Math.ceil(fragmentDuration * frameRate - 0.5));
  const fragments = Math.ceil((segmentDuration * frameRate) / framesEach);
  const frames = Array.from({ length: framesEach }, () => NO_BYTES);
  const bytes = segmentHeader().byteLength + fragments * fragment({ sequenceNumber: 1, frames }).byteLength;
  return Math.ceil((8 * bytes) / segmentDuration);
}
