import { expect, test } from 'vitest';
import { FirstFrame } from '../../agent/ffmpeg/first-frame.ts';
import type { Frame } from '../../agent/media/frame.ts';
import { ticks } from '../../protocol/units.ts';

const NOMINAL = ticks(9000);

const frameAt = (time: number): Frame => ({
  time: ticks(time),
  compositionOffset: ticks(0),
  keyframe: true,
  data: [],
  size: 0,
});

/** The times that may go on after each frame. */
function timesOf(...times: readonly number[]): number[][] {
  const first = new FirstFrame(NOMINAL);
  return times.map((time) => first.push(frameAt(time)).map((frame) => frame.time));
}

test("back-dated to the boundary, it was captured a frame's time before the second", () => {
  expect(timesOf(90_000, 150_000, 159_000)).toEqual([[], [141_000, 150_000], [159_000]]);
});

test('it is never earlier than it says', () => {
  expect(timesOf(90_000, 95_000)).toEqual([[], [90_000, 95_000]]);
});

test('a second one that is no later is not the second', () => {
  expect(timesOf(90_000, 90_000, 80_000, 110_000)).toEqual([[], [], [], [101_000, 110_000]]);
});
