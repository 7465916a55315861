import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeOrder } from '../../agent/rtp/decode-order.ts';
import { ticks } from '../../protocol/units.ts';

const STEP = 3600;

/** Decoding times of frames seen in this order, in frames. */
function decoded(reordered: number | undefined, ...seen: readonly number[]): number[] {
  const order = new DecodeOrder();
  order.configure(reordered);
  return seen.map((at) => order.next(ticks(at * STEP)) / STEP);
}

describe('when frames are decoded', () => {
  test('without B frames: when they are seen', () => {
    expect(decoded(0, 0, 1, 2, 3)).toEqual([0, 1, 2, 3]);
    expect(decoded(undefined, 0, 1, 2, 3)).toEqual([0, 1, 2, 3]);
  });

  test('with one frame decoded before those that are seen earlier: one frame before', () => {
    expect(decoded(1, 0, 3, 1, 2, 6, 4, 5, 9, 7, 8)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('with a pyramid of B frames: two frames before', () => {
    expect(decoded(2, 0, 4, 2, 1, 3, 8, 6, 5, 7)).toEqual([-2, -1, 0, 1, 2, 3, 4, 5, 6]);
  });

  test('with parameter sets that allow B frames in a stream without: as much before', () => {
    expect(decoded(2, 0, 1, 2, 3, 4)).toEqual([-2, -1, 0, 1, 2]);
  });

  test('with parameter sets that say nothing: as seen, until a B frame comes, and in order again soon after', () => {
    const times = decoded(undefined, 0, 1, 2, 5, 3, 4, 8, 6, 7, 11, 9, 10);
    expect(times).toEqual([0, 1, 2, 5, 5, 5, 5, 6, 7, 8, 9, 10]);
  });

  test('with parameter sets that say less than there is: as if they had said it', () => {
    expect(decoded(1, 0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11).slice(6)).toEqual(
      [4, 5, 6, 7, 8, 9, 10, 11].slice(0, 7),
    );
  });

  test('after new parameter sets: as those say', () => {
    const order = new DecodeOrder();
    order.configure(2);
    for (const at of [0, 4, 2, 1, 3]) order.next(ticks(at * STEP));
    order.configure(0);
    expect([10, 11, 12].map((at) => order.next(ticks(at * STEP)) / STEP)).toEqual([10, 11, 12]);
    order.configure(1);
    expect([13, 16, 14, 15].map((at) => order.next(ticks(at * STEP)) / STEP)).toEqual([12, 13, 14, 15]);
  });
});

/** Pictures in the order they are seen in, sent with so many B frames, as a pyramid, between two that refer to nothing later. */
function sent(groups: readonly number[]): number[] {
  const order: number[] = [0];
  let last = 0;
  for (const between of groups) {
    const next = last + between + 1;
    order.push(next, ...pyramid(last + 1, next - 1));
    last = next;
  }
  return order;
}
function pyramid(from: number, to: number): number[] {
  if (from > to) return [];
  const middle = Math.floor((from + to) / 2);
  return [middle, ...pyramid(from, middle - 1), ...pyramid(middle + 1, to)];
}

test('whatever the order, each frame is decoded before it is seen, and times grow by a frame', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 30 }), (groups) => {
      const order = sent(groups);
      const depth = Math.max(...order.map((at, index) => order.slice(0, index).filter((before) => before > at).length));
      const times = decoded(depth, ...order);
      order.forEach((at, index) => expect(times[index]).toBeLessThanOrEqual(at));
      times.forEach((time, index) => expect(time).toBe(index - depth));
    }),
  );
});
