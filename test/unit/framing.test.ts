import { expect, test } from 'vitest';
import { ForcedSegmenter } from '../../agent/cmaf/forced-segmenter.ts';
import { fragment, segmentHeader } from '../../agent/cmaf/fragment.ts';
import { framingBitrate } from '../../agent/cmaf/framing.ts';
import { seconds, ticks, TIMESCALE } from '../../protocol/units.ts';

const LENGTH = 60;
const FRAME_BYTES = 250;

/** Bits a second of a minute of a stream, all that is PUT. */
function sent(frameRate: number, fragmentDuration: number, segmentDuration: number): number {
  const cut = { fragmentDuration: seconds(fragmentDuration), segmentDuration: seconds(segmentDuration), frameRate };
  const segmenter = new ForcedSegmenter(cut);
  let bytes = 0;
  for (let number = 0; number < LENGTH * frameRate; number += 1) {
    const time = ticks(Math.round((number * TIMESCALE) / frameRate));
    const segmentOf = (frame: number): number => Math.floor((frame + 0.5) / (segmentDuration * frameRate));
    const keyframe = segmentOf(number) > segmentOf(number - 1);
    const frame = {
      time,
      compositionOffset: ticks(0),
      keyframe,
      data: [new Uint8Array(FRAME_BYTES)],
      size: FRAME_BYTES,
    };
    for (const step of segmenter.push(frame)) {
      if (step.kind === 'open') bytes += segmentHeader().byteLength;
      if (step.kind === 'fragment') bytes += fragment({ sequenceNumber: 1, frames: step.samples }).byteLength;
    }
  }
  return (8 * bytes) / LENGTH;
}

test.for<[frameRate: number, fragmentDuration: number, segmentDuration: number]>([
  [25, 0.04, 1],
  [25, 0.1, 1],
  [10, 0.1, 1],
  [24, 0.1, 2],
  [30, 0.5, 0.5],
  [12.5, 1, 4],
])(
  'at %d frames a second in fragments of %d s and segments of %d s as much is said as is sent',
  ([rate, each, all]) => {
    const said =
      8 * FRAME_BYTES * rate +
      framingBitrate({ frameRate: rate, fragmentDuration: seconds(each), segmentDuration: seconds(all) });
    expect(said / sent(rate, each, all)).toBeGreaterThan(0.99);
    expect(said / sent(rate, each, all)).toBeLessThan(1.03);
  },
);
