import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  milliseconds,
  millisecondsOfSeconds,
  seconds,
  secondsOfMilliseconds,
  secondsOfTicks,
  ticks,
  ticksOfMilliseconds,
  ticksOfSeconds,
  TIMESCALE,
} from '../../protocol/units.ts';

const YEAR_2100 = 4_102_444_800;

test('a millisecond of any time until 2100 is a whole number of ticks, and comes back from them', () => {
  fc.assert(
    fc.property(fc.nat({ max: YEAR_2100 * 1000 }), (value) => {
      const time = ticksOfMilliseconds(milliseconds(value));
      expect(time).toBe(value * 90);
      expect(Number.isSafeInteger(time)).toBe(true);
      expect(Math.round(millisecondsOfSeconds(secondsOfTicks(time)))).toBe(value);
    }),
  );
});

test('a second is TIMESCALE ticks and 1000 milliseconds', () => {
  expect(ticksOfSeconds(seconds(1))).toBe(TIMESCALE);
  expect(secondsOfTicks(ticks(TIMESCALE))).toBe(1);
  expect(millisecondsOfSeconds(seconds(1.5))).toBe(1500);
  expect(secondsOfMilliseconds(milliseconds(1500))).toBe(1.5);
});

test('ticks are whole: what lies between two is rounded', () => {
  expect(ticksOfSeconds(seconds(1 / 29.97))).toBe(3003);
  expect(ticksOfMilliseconds(milliseconds(0.004))).toBe(0);
});
