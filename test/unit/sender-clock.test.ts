import { describe, expect, test } from 'vitest';
import type { Clock } from '../../agent/clock.ts';
import { FrameTimes } from '../../agent/rtp/frame-times.ts';
import { SenderClock } from '../../agent/rtp/sender-clock.ts';
import { senderReports } from '../../agent/rtp/sender-report.ts';
import { milliseconds } from '../../protocol/units.ts';

/** A compound packet: a sender report, and a description that says who it is of. */
function compound(source: number, ntp: number, timestamp: number): Buffer {
  const report = Buffer.alloc(28);
  report.set([0x80, 200, 0, 6]);
  report.writeUInt32BE(source, 4);
  report.writeUInt32BE(Math.floor(ntp / 1000), 8);
  report.writeUInt32BE(Math.floor(((ntp % 1000) / 1000) * 2 ** 32), 12);
  report.writeUInt32BE(timestamp, 16);
  const description = Buffer.from([0x81, 202, 0, 2, 1, 2, 3, 4, 1, 0, 0, 0]);
  return Buffer.concat([report, description]);
}

describe('a sender report', () => {
  test('says when a timestamp was, by the clock of the sender', () => {
    const bytes = Buffer.concat([compound(7, 3_990_000_000_250, 1234), compound(9, 1500, 99)]);
    const [first, second, ...more] = senderReports(bytes);
    expect(first).toMatchObject({ source: 7, timestamp: 1234 });
    expect(first?.ntp).toBeCloseTo(3_990_000_000_250, 3);
    expect(second).toMatchObject({ source: 9, timestamp: 99 });
    expect(more).toEqual([]);
  });

  test.each([
    ['nothing', []],
    ['too little', [0x80, 200, 0]],
    ['a length beyond the end', [0x80, 200, 0, 6, 1, 2, 3, 4]],
    ['a report that is too short', [0x80, 200, 0, 1, 1, 2, 3, 4]],
    ['another version', [0x40, 200, 0, 0]],
    ['something else', [0x80, 201, 0, 1, 1, 2, 3, 4]],
  ])('is none where there is %s', (_, bytes) => {
    expect(senderReports(Uint8Array.from(bytes))).toEqual([]);
  });
});

/** How much later sound is said to be than the picture of the same moment, at the end, in milliseconds. */
function apart(situation: {
  /** How long pictures and sound take to arrive. */
  readonly pictures: number;
  readonly sound: number;
  /** What the camera's clock is wrong by, for each kind of track. */
  readonly wrong?: (kind: 'pictures' | 'sound') => number;
  readonly reports?: boolean;
}): number {
  let now = 0;
  const clock: Clock = {
    monotonic: () => milliseconds(now),
    wall: () => milliseconds(Date.UTC(2026, 10, 25) + now),
    sleep: () => Promise.resolve(),
  };
  const sender = new SenderClock();
  const [pictures, sound] = [new FrameTimes(clock, 90_000), new FrameTimes(clock, 8000)];
  const { wrong = () => 7e9 } = situation;
  const arrivals = Array.from({ length: 2500 }, (_, index) => [
    { kind: 'pictures', captured: 40 * index, at: 40 * index + situation.pictures } as const,
    { kind: 'sound', captured: 40 * index, at: 40 * index + situation.sound } as const,
  ])
    .flat()
    .toSorted((a, b) => a.at - b.at);
  const said = { pictures: NaN, sound: NaN };
  for (const { kind, captured, at } of arrivals) {
    now = at;
    const [times, rate] = kind === 'pictures' ? [pictures, 90] : [sound, 8];
    said[kind] = times.next((captured * rate + 12_345) >>> 0, clock.monotonic()).time / 90 - captured;
    // Reports tell of a moment just past, each in its own time.
    if (situation.reports === false || captured % 5000 !== (kind === 'pictures' ? 1000 : 3000)) continue;
    const report = { source: 1, ntp: captured - 13 + wrong(kind), timestamp: ((captured - 13) * rate + 12_345) >>> 0 };
    times.report(report, sender, kind === 'pictures' ? 'measure' : 'other');
  }
  return said.sound - said.pictures;
}

describe('sound beside the picture', () => {
  test('that comes sooner is, without reports, put too early', () => {
    expect(apart({ pictures: 120, sound: 30, reports: false })).toBeCloseTo(-90, 0);
  });

  test.each([
    ['sooner', 120, 30],
    ['later', 30, 250],
  ])('that comes %s is put where it belongs, by a camera clock that is wrong by months', (_, pictures, sound) => {
    expect(Math.abs(apart({ pictures, sound }))).toBeLessThan(2);
  });

  test('is left where it is by reports that are nonsense', () => {
    const wrong = (kind: string): number => (kind === 'sound' ? 0 : 5e9);
    expect(apart({ pictures: 120, sound: 30, wrong })).toBeCloseTo(-90, 0);
  });
});
