import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../agent/clock.ts';
import { FrameTimes, type FrameTime } from '../../agent/rtp/frame-times.ts';
import { milliseconds } from '../../protocol/units.ts';

/** A camera, and the way from it. Times are in milliseconds from the start. */
interface Situation {
  readonly fps?: number;
  readonly seconds?: number;
  /** What the timestamp of a frame says, where the camera's clock is not this machine's. */
  readonly says?: (captured: number, index: number) => number;
  /** When a frame has arrived. */
  readonly arrives?: (captured: number, index: number) => number;
  /** What this machine's wall clock is ahead by at a time. */
  readonly wall?: (now: number) => number;
  /** Frames that the camera leaves out. */
  readonly drops?: (index: number) => boolean;
  readonly clockRate?: number;
  readonly reordered?: number;
}

interface Timed extends FrameTime {
  /** Milliseconds from the start: when it was really captured, and when it is said to have been. */
  readonly captured: number;
  readonly said: number;
  /** How far it is said to be from the frame before. */
  readonly step: number;
  readonly index: number;
}

const START = Date.UTC(2026, 10, 25);

/** A network that delays frames by `least` and, in the mean, by `jitter` more; always the same for a seed. */
function delays(least: number, jitter: number, seed = 1): (captured: number) => number {
  let state = seed;
  return (captured) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return captured + least - jitter * Math.log(1 - state / 0x8000_0000);
  };
}

/** Frames come in groups, all with the last one of the group. */
const inBursts =
  (size: number, apart = 40) =>
  (captured: number, index: number): number =>
    captured + (size - 1 - (index % size)) * apart + 5 + (index % size) * 0.05;

function simulate(situation: Situation): Timed[] {
  const { fps = 25, seconds = 60, says = (captured) => captured, arrives = (captured) => captured + 5 } = situation;
  let now = 0;
  const clock: Clock = {
    monotonic: () => milliseconds(now + 77_000),
    // As `Date.now` does: whole milliseconds.
    wall: () => milliseconds(Math.floor(START + now + (situation.wall?.(now) ?? 0))),
    sleep: () => Promise.resolve(),
  };
  const { clockRate = 90_000 } = situation;
  const times = new FrameTimes(clock, clockRate);
  times.configure(situation.reordered ?? 0);
  const frames: Timed[] = [];
  let before = NaN;
  for (let index = 0; index < seconds * fps; index++) {
    const captured = (index * 1000) / fps;
    if (situation.drops?.(index) === true) continue;
    // In order: what is held up holds up what comes behind it.
    now = Math.max(now, arrives(captured, index));
    const timestamp = (Math.round((says(captured, index) * clockRate) / 1000) + 0xffff_0000) >>> 0;
    const time = times.next(timestamp, clock.monotonic());
    const said = time.time / 90 - START;
    frames.push({ ...time, captured, said, step: said - before, index });
    before = said;
  }
  return frames;
}

const after = (frames: readonly Timed[], ms: number): Timed[] => frames.filter(({ captured }) => captured >= ms);

/** By how much times say that frames were captured later than they were: the least and the most. */
function lateness(frames: readonly Timed[]): readonly [number, number] {
  const all = frames.map(({ said, captured }) => said - captured);
  return [Math.min(...all), Math.max(...all)];
}
/** By how much, at most, frames are not as far apart as they should be. */
const unevenness = (frames: readonly Timed[], fps = 25): number =>
  Math.max(...frames.map(({ step }) => Math.abs(step - 1000 / fps)));

const TWENTY_MINUTES = 1200;

function expectEven(frames: readonly Timed[], tolerance = 1): void {
  expect(unevenness(frames)).toBeLessThan(tolerance);
}
function expectOnTime(frames: readonly Timed[], least: number, most: number): void {
  const [earliest, latest] = lateness(frames);
  expect(earliest).toBeGreaterThanOrEqual(least);
  expect(latest).toBeLessThanOrEqual(most);
}

describe('an even camera', () => {
  test('has even times from the first frame on', () => {
    const frames = simulate({});
    expectEven(frames.slice(1), 0.1);
    expectOnTime(frames, 4, 6);
  });

  test('behind a network with jitter has them too, and the least delayed frames say when', () => {
    const frames = simulate({ seconds: TWENTY_MINUTES, arrives: delays(3, 8) });
    expectEven(after(frames, 4000));
    expectOnTime(after(frames, 4000), 1, 6);
    // Already at the start no step is far off.
    expectEven(frames.slice(1), 8);
  });

  test('at another frame rate and another clock, too', () => {
    const frames = simulate({ fps: 12.5, clockRate: 8000, arrives: delays(3, 8) });
    expect(unevenness(after(frames, 4000), 12.5)).toBeLessThan(1);
    expectOnTime(after(frames, 4000), 1, 6);
  });

  test('with a large keyframe each second, which takes its time, is not disturbed by it', () => {
    const frames = simulate({ arrives: (captured, index) => captured + (index % 25 === 0 ? 45 : 5) });
    expectOnTime(after(frames, 3000), 3, 7);
    expectEven(after(frames, 3000));
  });

  test.each([3, 5, 10])('that sends %d frames at once keeps all of them, evenly', (size) => {
    const frames = simulate({ seconds: TWENTY_MINUTES, arrives: inBursts(size) });
    expect(frames.length).toBe(TWENTY_MINUTES * 25);
    expectEven(after(frames, 3000));
    expectOnTime(after(frames, 3000), 3, 7);
    expect(Math.min(...frames.slice(1).map(({ step }) => step))).toBeGreaterThan(0.9);
  });

  test('that sends ten frames a second, ten at once, settles as well', () => {
    const frames = simulate({ fps: 10, arrives: inBursts(10, 100) });
    expect(unevenness(after(frames, 3000), 10)).toBeLessThan(1);
    expectOnTime(after(frames, 3000), 3, 7);
  });

  test('that begins with four seconds of the past is live a second later', () => {
    const frames = simulate({ arrives: (captured) => Math.max(captured, 4000) + 5 });
    expectOnTime(after(frames, 5500), 3, 8);
    expectEven(after(frames, 6000));
  });

  test('behind a network that stood still for five seconds is as it was before', () => {
    const frames = simulate({
      arrives: (captured) =>
        captured >= 20_000 && captured < 25_000 ? 25_000 + (captured - 20_000) / 50 : captured + 5,
    });
    expectOnTime(after(frames, 3000), 3, 7);
    expectEven(after(frames, 3000));
  });

  test.each([5, 2])(
    'behind a network that stood still for five seconds and catches up at %d times the pace, too',
    (pace) => {
      const frames = simulate({
        arrives: (captured) =>
          captured < 20_000 ? captured + 5 : Math.max(captured + 5, 25_000 + (captured - 20_000) / pace),
      });
      expectOnTime(after(frames, 3000), 3, 7);
      expectEven(after(frames, 3000));
    },
  );

  test('that leaves frames out is as far behind as before', () => {
    const frames = simulate({
      drops: (index) => index % 7 === 3 || (index > 500 && index < 600),
      arrives: delays(3, 5),
    });
    expectOnTime(after(frames, 4000), 1, 6);
  });
});

describe('a camera whose clock', () => {
  test.each([
    ['200 ppm fast', 200e-6],
    ['200 ppm slow', -200e-6],
    ['500 ppm fast', 500e-6],
    ['450 ppm slow', -450e-6],
  ])('is %s: the live edge stays for 20 minutes', (_, drift) => {
    const frames = simulate({
      seconds: TWENTY_MINUTES,
      says: (captured) => captured * (1 + drift),
      arrives: delays(3, 5),
    });
    expectOnTime(after(frames, 4000), -2, 7);
    expectEven(after(frames, 4000));
  });

  test.each([
    ['1 % fast', 0.01],
    ['1 % slow', -0.01],
  ])('is %s is followed, too: not to the millisecond, but for ever', (_, drift) => {
    const frames = simulate({ seconds: 300, says: (captured) => captured * (1 + drift) });
    expectOnTime(after(frames, 30_000), -250, 300);
    expectEven(after(frames, 30_000));
  });

  test('wraps: nothing is to be seen', () => {
    // 2³² ticks are 13 h 15 min: it wraps within the first second here.
    const frames = simulate({ says: (captured) => captured + 10 });
    expectEven(frames.slice(1), 0.1);
  });

  test.each([
    ['leaps an hour ahead', 3_600_000],
    ['leaps an hour back', -3_600_000],
    ['leaps half a second ahead', 500],
    ['leaps half a second back', -500],
    ['leaps two days ahead', 172_800_000],
    ['is corrected by 30 ms', 30],
    ['starts over at 0', -20_000],
  ])('%s: the live edge stays, the frames are even', (_, leap) => {
    const frames = simulate({
      says: (captured) => captured + (captured >= 20_000 ? leap : 0),
      arrives: delays(3, 3),
    });
    expectOnTime(after(frames, 4000), 0, 8);
    expectEven(after(frames, 4000), 1.1);
    expect(frames.length).toBe(60 * 25);
  });

  test('says nonsense of the first frame: the live edge is right from the second on', () => {
    for (const wrong of [1e6, -1e6, 700]) {
      const frames = simulate({ says: (captured, index) => (index === 0 ? wrong : captured) });
      expectOnTime(frames, 3, 8);
    }
  });

  test('stands still: arrival is taken', () => {
    const frames = simulate({ says: () => 1234, arrives: delays(3, 3) });
    expectOnTime(after(frames, 3000), 2, 40);
    expect(Math.min(...frames.slice(1).map(({ step }) => step))).toBeGreaterThan(0.9);
  });

  test('says a random time of each frame: arrival is taken, more or less', () => {
    const noise = delays(0, 1, 7);
    const frames = simulate({ says: () => noise(0) * 1e6 });
    expectOnTime(after(frames, 3000), -60, 60);
  });

  test.each([
    ['in milliseconds', 1 / 90],
    ['in microseconds', 1000 / 90],
    ['at half its pace', 0.5],
    ['at double its pace', 2],
    ['at 25 instead of 30 frames a second', 30 / 25],
  ])('counts %s: arrival is taken', (_, pace) => {
    const frames = simulate({ seconds: 120, says: (captured) => captured * pace, arrives: delays(3, 3) });
    expectOnTime(after(frames, 15_000), -10, 60);
  });

  test('stops with its pictures, for a minute, is where it should be within three seconds', () => {
    const away = (captured: number): boolean => captured >= 20_000 && captured < 80_000;
    const frames = simulate({
      seconds: 100,
      drops: (index) => away(index * 40),
      says: (captured) => captured - (captured >= 80_000 ? 60_000 : 0),
    });
    expectOnTime(after(frames, 83_000), 3, 7);
    expectEven(after(frames, 83_000));
  });

  test('is nonsense for half a minute and right again is trusted again', () => {
    const frames = simulate({
      seconds: 90,
      says: (captured) => (captured < 30_000 ? captured / 90 : captured),
      arrives: delays(3, 5),
    });
    expectEven(after(frames, 60_000));
    expectOnTime(after(frames, 60_000), 1, 7);
  });

  test('stops for five seconds in which nothing is captured goes on where it should', () => {
    const frames = simulate({ drops: (index) => index > 500 && index < 625 });
    expectOnTime(frames, 3, 7);
  });
});

describe("this machine's wall clock", () => {
  test('is slewed by NTP: times follow, and stay even', () => {
    const frames = simulate({ seconds: 600, wall: (now) => now * 50e-6 });
    expectEven(frames.slice(1), 0.1);
    const [, latest] = lateness(after(frames, 590_000));
    expect(latest).toBeGreaterThan(5 + 28);
  });

  test.each([5000, -5000, 120, -120])('is set by %d ms: the jump is told once, and within half a second', (by) => {
    const frames = simulate({ wall: (now) => (now >= 20_000 ? by : 0) });
    const jumps = frames.filter(({ jump }) => jump !== 0);
    expect(jumps.length).toBe(1);
    expect(Math.abs((jumps[0]?.jump ?? 0) / 90 - by)).toBeLessThan(2);
    expect(jumps[0]?.captured).toBeLessThan(20_500);
    expectOnTime(
      frames.filter(({ captured }) => captured < 20_000),
      3,
      7,
    );
    expectOnTime(
      after(frames, 20_500).map((frame) => ({ ...frame, captured: frame.captured + by })),
      2,
      8,
    );
  });

  test('is wrong for a moment: nobody is told', () => {
    const frames = simulate({ wall: (now) => (now >= 20_000 && now < 20_100 ? 5000 : 0) });
    expect(frames.every(({ jump }) => jump === 0)).toBe(true);
    expectEven(frames.slice(1), 0.1);
  });

  test('is set: also at a frame a second the jump is told within a second', () => {
    const frames = simulate({ fps: 1, wall: (now) => (now >= 20_500 ? -9000 : 0) });
    expect(frames.find(({ jump }) => jump !== 0)?.captured).toBe(22_000);
  });
});

test('whatever timestamps say and whenever frames come, times grow, and stay near arrival', () => {
  const frame = fc.record({
    timestamp: fc.oneof(
      fc.nat({ max: 0xffff_ffff }),
      fc.nat({ max: 100_000 }),
      fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff),
    ),
    follows: fc.boolean(),
    elapsed: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 20_000 }), fc.constant(0)),
  });
  const reordered = fc.option(fc.nat({ max: 16 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 200 }), reordered, (frames, depth) => {
      let now = 0;
      const clock: Clock = {
        monotonic: () => milliseconds(now),
        wall: () => milliseconds(START + now),
        sleep: () => Promise.resolve(),
      };
      const times = new FrameTimes(clock, 90_000);
      times.configure(depth);
      let [last, timestamp] = [-Infinity, 0];
      for (const each of frames) {
        now += each.elapsed;
        timestamp = each.follows ? (timestamp + 3600) >>> 0 : each.timestamp;
        const { time, compositionOffset, jump } = times.next(timestamp, clock.monotonic());
        expect(Number.isInteger(time) && Number.isInteger(compositionOffset)).toBe(true);
        expect(time).toBeGreaterThan(last);
        expect(compositionOffset).toBeGreaterThanOrEqual(0);
        expect(jump).toBe(0);
        last = time;
      }
    }),
    { numRuns: 500 },
  );
});
