import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admit, holdTime, segmentNumberAt, segmentStart, timeInWindow } from '../../protocol/epoch.ts';
import { segmentNumber } from '../../protocol/names.ts';
import { seconds, secondsOfTicks, ticks, ticksOfSeconds } from '../../protocol/units.ts';

const YEAR_2100 = 4_102_444_800;

const duration = fc.constantFrom(0.1, 0.5, 1, 1.001, 1.92, 2, 6, 60).map(seconds);
const time = fc.nat({ max: YEAR_2100 * 90_000 }).map(ticks);

test('each time lies in exactly one segment, the one of its number', () => {
  fc.assert(
    fc.property(time, duration, (at, d) => {
      const number = segmentNumberAt(at, d);
      expect(segmentStart(number, d)).toBeLessThanOrEqual(at);
      expect(segmentStart(segmentNumber(number + 1), d)).toBeGreaterThan(at);
      expect(segmentNumberAt(segmentStart(number, d), d)).toBe(number);
    }),
  );
});

test('times in segments stay exact numbers', () => {
  fc.assert(
    fc.property(time, duration, (at, d) => {
      expect(Number.isSafeInteger(segmentStart(segmentNumberAt(at, d), d))).toBe(true);
    }),
  );
});

test('the segment that is being made is possible, and so is every one of the time-shift window', () => {
  fc.assert(
    fc.property(
      time,
      duration,
      fc.nat({ max: 3600 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (at, d, shift, back) => {
        const now = secondsOfTicks(at);
        const asked = segmentNumberAt(ticks(Math.max(0, at - back * ticksOfSeconds(seconds(shift)))), d);
        expect(admit(asked, now, d, seconds(shift))).toEqual({ verdict: 'possible' });
      },
    ),
  );
});

test('the next segment may be asked for ahead, for as long as a request is held', () => {
  const d = seconds(1);
  const shift = seconds(30);
  expect(holdTime(segmentNumber(1000), seconds(1000), d)).toBe(3);
  expect(admit(segmentNumber(1003), seconds(1000), d, shift)).toEqual({ verdict: 'possible' });
  expect(admit(segmentNumber(1004), seconds(1000), d, shift)).toEqual({ verdict: 'too early', by: 1 });
});

test('what is older than the window is too late, by how much is said', () => {
  const d = seconds(2);
  const shift = seconds(30);
  expect(admit(segmentNumber(484), seconds(1000), d, shift)).toEqual({ verdict: 'possible' });
  expect(admit(segmentNumber(484), seconds(1001), d, shift)).toEqual({ verdict: 'too late', by: 1 });
});

test('a window that is hardly one holds what may still come', () => {
  expect(timeInWindow(segmentNumber(1000), seconds(1001), seconds(1), seconds(0))).toBe(2);
  expect(timeInWindow(segmentNumber(1000), seconds(1001), seconds(1), seconds(30))).toBe(30);
});

test('no number is both too early and too late, and nonsense is one of them', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e15 - 1 }), time, duration, (number, at, d) => {
      const { verdict } = admit(segmentNumber(number), secondsOfTicks(at), d, seconds(30));
      const distance = number * d - secondsOfTicks(at);
      if (distance > 200) expect(verdict).toBe('too early');
      if (distance < -200) expect(verdict).toBe('too late');
    }),
  );
});

test('a GET is held until 2 s after the end of its segment, and not at all after that', () => {
  const d = seconds(1);
  expect(holdTime(segmentNumber(1000), seconds(1000.5), d)).toBe(2.5);
  expect(holdTime(segmentNumber(1000), seconds(1003), d)).toBe(0);
  expect(holdTime(segmentNumber(1000), seconds(1010), d)).toBe(0);
});
