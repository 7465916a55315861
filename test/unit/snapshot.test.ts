import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxSegmentDuration } from '../../worker/stream/snapshot.ts';

describe("the duration of a foreign encoder's segments", () => {
  test.for<[written: string, seconds: number]>([
    ['PT2.0S', 2],
    ['PT2S', 2],
    ['PT1.92S', 1.92],
    ['PT0.04S', 0.04],
    ['PT0H0M4.000S', 4],
    ['PT0M10S', 10],
    // Longer than any live one: a number that would be waited for in vain.
    ['PT1M30S', 60],
    ['PT1H', 60],
    // Nothing that one could wait for.
    ['PT0S', 4],
    ['PT', 4],
    ['', 4],
    ['two seconds', 4],
  ])('%s', ([written, seconds]) => {
    const manifest = `<MPD type="dynamic" maxSegmentDuration="${written}" minBufferTime="PT9S">`;
    expect(maxSegmentDuration(manifest)).toBe(seconds);
  });

  test('is 4 s where the manifest says nothing', () => {
    expect(maxSegmentDuration('<MPD type="dynamic" minBufferTime="PT9S">')).toBe(4);
    expect(maxSegmentDuration('')).toBe(4);
  });

  test('is a time that can be waited for, whatever the manifest says', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^PT([0-9.]{0,9}H)?([0-9.]{0,9}M)?([0-9.]{0,9}S)?$/), (written) => {
        const seconds = maxSegmentDuration(`<MPD maxSegmentDuration="${written}">`);
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThanOrEqual(60);
      }),
    );
  });
});
