import type { Frame } from '../agent/media/frame.ts';
import { ticks } from '../protocol/units.ts';

/** A frame of a few bytes, for whoever does not look into it. @param time in ticks */
export const frameOf = (time: number, keyframe = false, data = Uint8Array.of(1, 2)): Frame => ({
  time: ticks(Math.round(time)),
  compositionOffset: ticks(0),
  keyframe,
  data: [data],
  size: data.length,
});
