import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForcedSegmenter } from '../../agent/cmaf/forced-segmenter.ts';
import { TimestampJump, type Step } from '../../agent/cmaf/segmenter.ts';
import type { Frame } from '../../agent/media/frame.ts';
import { milliseconds, seconds, ticks, ticksOfMilliseconds } from '../../protocol/units.ts';

/** Where the tests' segment 0 is: segment 1000 of a second each. */
const START = 1_000_000;

const frameAt = (time: number, keyframe = false): Frame => ({
  time: ticksOfMilliseconds(milliseconds(START + time)),
  compositionOffset: ticks(0),
  keyframe,
  data: [Uint8Array.of(1, 2)],
  size: 2,
});

const key = (time: number): Frame => frameAt(time, true);

interface Settings {
  readonly segment?: number;
  readonly fragment?: number;
  readonly rate?: number;
}

const make = ({ segment = 1, fragment = 0.1, rate = 10 }: Settings = {}): ForcedSegmenter =>
  new ForcedSegmenter({ segmentDuration: seconds(segment), fragmentDuration: seconds(fragment), frameRate: rate });

/** `open 0`, `fragment 0: K0+100 100+100`, `close 0`, `skip 1-2`, `drop 300`: times in ms, `K` for keyframes. */
function told(steps: readonly Step[], first = 1000): string[] {
  return steps.map((step) => {
    switch (step.kind) {
      case 'open':
      case 'close':
        return `${step.kind} ${step.number - first}`;
      case 'skip':
        return `skip ${step.from - first}-${step.to - first}`;
      case 'drop':
        return `drop ${step.frame.time / 90 - START}`;
      case 'fragment': {
        const samples = step.samples.map(
          ({ time, duration, keyframe }) => `${keyframe ? 'K' : ''}${time / 90 - START}+${duration / 90}`,
        );
        return `fragment ${step.number - first}: ${samples.join(' ')}`;
      }
    }
  });
}

/** What each frame brings about. */
const pushAll = (segmenter: ForcedSegmenter, frames: readonly Frame[]): string[][] =>
  frames.map((frame) => told(segmenter.push(frame)));

const at10fps = (from: number, to: number, keyframes: readonly number[]): Frame[] =>
  Array.from({ length: (to - from) / 100 }, (_, index) => {
    const time = from + index * 100;
    return frameAt(time, keyframes.includes(time));
  });

test('a segment after the other: opened a fragment ahead, closed with its last frame', () => {
  const steps = pushAll(make(), at10fps(0, 2100, [0, 1000, 2000]));
  expect(steps[0]).toEqual(['open 0', 'fragment 0: K0+100']);
  expect(steps[1]).toEqual(['fragment 0: 100+100']);
  expect(steps[7]).toEqual(['fragment 0: 700+100']);
  expect(steps[8]).toEqual(['fragment 0: 800+100', 'open 1']);
  expect(steps[9]).toEqual(['fragment 0: 900+100', 'close 0']);
  expect(steps[10]).toEqual(['fragment 1: K1000+100']);
  expect(steps[18]).toEqual(['fragment 1: 1800+100', 'open 2']);
  expect(steps[19]).toEqual(['fragment 1: 1900+100', 'close 1']);
  expect(steps[20]).toEqual(['fragment 2: K2000+100']);
});

test('a fragment of several frames is complete with its last one, not with the next', () => {
  const steps = pushAll(make({ fragment: 0.3 }), at10fps(0, 1100, [0, 1000]));
  expect(steps).toEqual([
    ['open 0'],
    [],
    ['fragment 0: K0+100 100+100 200+100'],
    [],
    [],
    ['fragment 0: 300+100 400+100 500+100'],
    ['open 1'],
    [],
    ['fragment 0: 600+100 700+100 800+100'],
    ['fragment 0: 900+100', 'close 0'],
    [],
  ]);
});

test('a fragment may be as long as the segment: then the next one is open from the start', () => {
  const steps = pushAll(make({ fragment: 1 }), at10fps(0, 1100, [0, 1000]));
  expect(steps[0]).toEqual(['open 0', 'open 1']);
  expect(steps.slice(1, 9).flat()).toEqual([]);
  expect(steps[9]?.at(0)).toMatch(/^fragment 0: K0\+100 .* 900\+100$/);
  expect(steps[9]?.slice(1)).toEqual(['close 0']);
  expect(steps[10]).toEqual(['open 2']);
});

test('within a fragment frames last until the next one, the last of them nominally', () => {
  const segmenter = make({ fragment: 0.3 });
  const steps = pushAll(segmenter, [key(0), frameAt(100), frameAt(180), frameAt(290), frameAt(400)]);
  expect(steps.flat()).toEqual(['open 0', 'fragment 0: K0+100 100+80 180+100']);
  expect(told(segmenter.end())).toEqual(['fragment 0: 290+110 400+100']);
});

test('a late frame leaves no hole: its fragment begins where the one before ended', () => {
  const steps = pushAll(make(), [key(0), frameAt(100), frameAt(249), frameAt(400), frameAt(500), frameAt(851)]);
  expect(steps.slice(2)).toEqual([
    ['fragment 0: 249+100'],
    ['fragment 0: 349+151'],
    ['fragment 0: 500+100'],
    ['fragment 0: 600+351', 'open 1'],
  ]);
});

test('a late fragment of several frames begins early with its first', () => {
  const steps = pushAll(make({ fragment: 0.2 }), [key(0), frameAt(100), frameAt(400), frameAt(500)]).flat();
  expect(steps.at(-1)).toBe('fragment 0: 200+300 500+100');
});

test('a late segment begins no earlier than at its boundary', () => {
  const late = pushAll(make(), [...at10fps(0, 1000, [0]), key(1300)]).at(-1);
  expect(late).toEqual(['fragment 1: K1000+400']);
  const skipping = pushAll(make(), [...at10fps(0, 1000, [0]), key(3300)]).at(-1);
  expect(skipping?.at(-1)).toBe('fragment 3: K3000+400');
});

test('before the first keyframe everything is dropped', () => {
  const steps = pushAll(make(), [frameAt(0), frameAt(100), frameAt(200), key(300), frameAt(400)]);
  expect(steps.flat()).toEqual([
    'drop 0',
    'drop 100',
    'drop 200',
    'open 0',
    'fragment 0: K300+100',
    'fragment 0: 400+100',
  ]);
});

test('a keyframe inside a segment starts nothing', () => {
  const steps = pushAll(make(), at10fps(0, 1100, [0, 300, 500, 1000])).flat();
  expect(steps.filter((step) => !step.startsWith('fragment'))).toEqual(['open 0', 'open 1', 'close 0']);
  expect(steps).toContain('fragment 0: K300+100');
});

test.each([
  ['a little late', 1049],
  ['a little early', 951],
])('a keyframe %s is the one of its boundary', (_, time) => {
  const steps = pushAll(make(), [...at10fps(0, 900, [0]), frameAt(900), key(time)]);
  expect(steps.at(-1)?.at(-1)).toBe(`fragment 1: K${time}+100`);
});

test('at the limit it is the keyframe that says where the boundary is, whatever times were rounded to', () => {
  for (const time of [948, 949, 950, 951, 952]) {
    // after a frame that was expected to be the last one, and after one that was not
    for (const before of [860, 840]) {
      const segmenter = make();
      const frames = at10fps(0, 800, [0]);
      pushAll(segmenter, frames);
      segmenter.push(frameAt(before));
      expect(told(segmenter.push(key(time))), `${time} after ${before}`).toContain(`fragment 1: K${time}+100`);
    }
    const segmenter = make();
    pushAll(segmenter, [...at10fps(0, 800, [0]), frameAt(840)]);
    if (time >= 952) continue;
    expect(told(segmenter.push(frameAt(time))), `${time}`).toEqual([`fragment 0: ${time}+100`, 'close 0']);
    expect(told(segmenter.push(key(time + 100)))).toEqual([`fragment 1: K${time + 100}+100`]);
  }
});

test('a frame that comes after the segment was closed and before the keyframe is dropped', () => {
  const steps = pushAll(make(), [...at10fps(0, 800, [0]), frameAt(860), frameAt(940), key(1040)]);
  expect(steps.slice(-3)).toEqual([
    ['fragment 0: 800+160', 'close 0', 'open 1'],
    ['drop 940'],
    ['fragment 1: K1000+140'],
  ]);
});

test('an encoder that makes no keyframe at the boundary has everything dropped until it makes one', () => {
  const steps = pushAll(make(), at10fps(0, 1500, [0, 1300]));
  expect(steps.slice(9)).toEqual([
    ['fragment 0: 900+100', 'close 0'],
    ['drop 1000'],
    ['drop 1100'],
    ['drop 1200'],
    ['fragment 1: K1000+400'],
    ['fragment 1: 1400+100'],
  ]);
});

test('a hiccup across the boundary without a keyframe closes the segment all the same', () => {
  const steps = pushAll(make({ fragment: 0.2 }), [...at10fps(0, 700, [0]), frameAt(1050), frameAt(1150), key(2000)]);
  expect(steps.slice(7)).toEqual([
    ['fragment 0: 600+100', 'close 0', 'open 1', 'drop 1050'],
    ['drop 1150'],
    ['close 1', 'open 2'],
  ]);
});

test('a hiccup across the boundary and then its keyframe: the segment ends where it was', () => {
  const steps = pushAll(make({ fragment: 0.2 }), [...at10fps(0, 700, [0]), key(1050), frameAt(1150)]);
  expect(steps.slice(7)).toEqual([['fragment 0: 600+100', 'close 0', 'open 1'], ['fragment 1: K1000+150 1150+100']]);
});

test('a hiccup of whole segments: those that were missed are skipped, the one opened ahead is closed', () => {
  const skipped = pushAll(make(), [...at10fps(0, 700, [0]), key(4000)]).at(-1);
  expect(skipped).toEqual(['close 0', 'skip 1-3', 'open 4', 'fragment 4: K4000+100']);
  const ahead = pushAll(make(), [...at10fps(0, 900, [0]), key(4000)]).at(-1);
  expect(ahead).toEqual(['close 0', 'close 1', 'skip 2-3', 'open 4', 'fragment 4: K4000+100']);
  const closed = pushAll(make(), [...at10fps(0, 1000, [0]), key(4000)]).at(-1);
  expect(closed).toEqual(['close 1', 'skip 2-3', 'open 4', 'fragment 4: K4000+100']);
  const next = pushAll(make(), [...at10fps(0, 1000, [0]), key(2000)]).at(-1);
  expect(next).toEqual(['close 1', 'open 2', 'fragment 2: K2000+100']);
});

test('time that stands still or goes back a little costs the frame only', () => {
  const segmenter = make();
  pushAll(segmenter, at10fps(0, 500, [0]));
  expect(told(segmenter.push(frameAt(400)))).toEqual(['drop 400']);
  expect(told(segmenter.push(key(-100)))).toEqual(['drop -100']);
  expect(told(segmenter.push(frameAt(500)))).toEqual(['fragment 0: 500+100']);
});

test.each([
  ['on', 10_401, 10.001],
  ['back', -101, -0.501],
])('a jump %s by more than a hiccup is an error that says by how much', (_, time, by) => {
  const segmenter = make();
  pushAll(segmenter, at10fps(0, 500, [0]));
  const push = () => segmenter.push(frameAt(time));
  expect(push).toThrow(TimestampJump);
  expect(push).toThrow(`frame time: expected within −0.5 to 10 s of the frame before, got ${by} s from it`);
  expect(push).toThrow(expect.objectContaining({ by }));
});

test('10 s on are no jump yet', () => {
  const segmenter = make();
  pushAll(segmenter, at10fps(0, 500, [0]));
  expect(told(segmenter.push(frameAt(10_400))).at(-1)).toBe('drop 10400');
});

test('at the end what is pending is told, but a segment that is cut off is not closed', () => {
  const segmenter = make({ fragment: 0.3 });
  pushAll(segmenter, at10fps(0, 500, [0]));
  expect(told(segmenter.end())).toEqual(['fragment 0: 300+100 400+100']);
  expect(told(segmenter.end())).toEqual([]);
});

test('at the end of a segment that reached its own there is nothing left', () => {
  const segmenter = make({ fragment: 0.3 });
  pushAll(segmenter, at10fps(0, 1000, [0]));
  expect(segmenter.end()).toEqual([]);
});

test("samples carry the frames' own bytes", () => {
  const frame = key(0);
  const sample = make()
    .push(frame)
    .flatMap((step) => (step.kind === 'fragment' ? step.samples : []))[0];
  expect(sample?.data).toBe(frame.data);
  expect(sample?.size).toBe(2);
});

/** An encoder as it should be: a keyframe at the frame nearest to each boundary, decided on times not yet rounded. */
function encoded(times: readonly number[], duration: number, rate: number): Frame[] {
  const number = (time: number) => Math.floor((START + time + 500 / rate) / (duration * 1000));
  return times.map((time, index) => {
    const before = times[index - 1];
    return frameAt(Math.round(time), before === undefined || number(time) > number(before));
  });
}

const settings = fc.record({
  segment: fc.constantFrom(0.5, 1, 1.001, 1.92, 2, 4),
  fragment: fc.constantFrom(0.001, 0.04, 0.1, 0.2, 0.5),
  rate: fc.constantFrom(5, 10, 15, 23.976, 25, 29.97, 30, 50, 59.94, 60),
});

test('a steady encoder loses no frame, and every fragment is as long as it should be, at any rate', () => {
  fc.assert(
    fc.property(settings, fc.nat({ max: 1000 }), ({ segment, fragment, rate }, phase) => {
      const times = Array.from({ length: Math.ceil(rate * segment * 4) }, (_, index) => phase + (index * 1000) / rate);
      const segmenter = make({ segment, fragment, rate });
      const steps = encoded(times, segment, rate).flatMap((frame) => segmenter.push(frame));
      expect(steps.filter((step) => step.kind === 'drop' || step.kind === 'skip')).toEqual([]);
      // of 2.5 frames a fragment has 2, or 3 where rounding to milliseconds tips the scales
      const perFragment = {
        min: Math.max(1, Math.ceil(fragment * rate - 0.5)),
        max: Math.max(1, Math.round(fragment * rate)),
      };
      const fragments = steps.flatMap((step, index) => (step.kind === 'fragment' ? [{ ...step, index }] : []));
      for (const { samples, index } of fragments) {
        const isLast = steps[index + 1]?.kind === 'close';
        const frames = samples.length;
        expect(frames).toBeLessThanOrEqual(perFragment.max);
        if (!isLast) expect(frames).toBeGreaterThanOrEqual(perFragment.min);
      }
    }),
  );
});

test('a steady encoder has each segment closed by its last frame, before the next keyframe is there', () => {
  fc.assert(
    fc.property(settings, fc.nat({ max: 1000 }), ({ segment, fragment, rate }, phase) => {
      const times = Array.from({ length: Math.ceil(rate * segment * 4) }, (_, index) => phase + (index * 1000) / rate);
      const segmenter = make({ segment, fragment, rate });
      for (const [index, frame] of encoded(times, segment, rate).entries()) {
        const steps = segmenter.push(frame);
        if (index === 0) continue; // it opens the first segment
        const closesLate = frame.keyframe && steps.some((step) => step.kind === 'close');
        // only when it is hard to tell which frame is nearest to the boundary: at half a frame's distance from it
        const time = frame.time / 90;
        const boundary = Math.round(time / segment / 1000) * segment * 1000;
        const toLimit = time - boundary + 500 / rate;
        if (closesLate) expect(toLimit).toBeLessThan(3);
      }
    }),
  );
});

/** Anything a camera and its encoder might do: jitter, hiccups, clocks set back, keyframes anywhere or nowhere. */
const mess = fc.array(
  fc.record({
    interval: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 20, max: 180 }) },
      { weight: 1, arbitrary: fc.integer({ min: -500, max: 9000 }) },
    ),
    keyframe: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }),
  { minLength: 1, maxLength: 120 },
);

test('whatever frames come, the steps are a story without contradictions', () => {
  fc.assert(
    fc.property(mess, settings, (moves, { segment, fragment }) => {
      const rate = 10;
      const segmenter = make({ segment, fragment, rate });
      const frames: Frame[] = [];
      const steps: Step[] = [];
      let [time, latest] = [0, Number.NEGATIVE_INFINITY];
      for (const { interval, keyframe } of moves) {
        time = Math.max(time + interval, latest - 500);
        const frame = frameAt(time, keyframe);
        frames.push(frame);
        steps.push(...segmenter.push(frame));
        latest = Math.max(latest, time);
      }
      steps.push(...segmenter.end());

      const state = new Map<number, 'open' | 'closed' | 'skipped'>();
      const begun = new Set<number>();
      let last = Number.NEGATIVE_INFINITY;
      let endOf = Number.NEGATIVE_INFINITY;
      for (const step of steps) {
        switch (step.kind) {
          case 'open':
            expect(state.get(step.number)).toBeUndefined();
            state.set(step.number, 'open');
            break;
          case 'close':
            expect(state.get(step.number)).toBe('open');
            state.set(step.number, 'closed');
            break;
          case 'skip':
            expect(step.from).toBeLessThanOrEqual(step.to);
            for (let number: number = step.from; number <= step.to; number++) {
              expect(state.get(number)).toBeUndefined();
              state.set(number, 'skipped');
            }
            break;
          case 'fragment':
            expect(state.get(step.number)).toBe('open');
            expect(step.samples.length).toBeGreaterThan(0);
            if (!begun.has(step.number)) expect(step.samples[0]?.keyframe).toBe(true);
            step.samples.forEach((sample, index) => {
              const following = step.samples[index + 1];
              expect(sample.time).toBeGreaterThan(last);
              if (following !== undefined) expect(sample.duration).toBe(following.time - sample.time);
              else if (index > 0) expect(sample.duration).toBe(9000);
              else expect(sample.duration).toBeGreaterThanOrEqual(9000);
              expect(Number.isInteger(sample.time)).toBe(true);
              last = sample.time;
              // a player loses a frame more than two of the last frame's durations later, unless it is a keyframe
              const isFirst = index === 0 && !begun.has(step.number);
              if (!isFirst) expect(sample.time - endOf).toBeLessThanOrEqual(4500);
              endOf = sample.time + sample.duration;
              const place = (sample.time + 4500) / 90_000 / segment - step.number;
              const rounding = 0.0021 / segment;
              expect(place).toBeGreaterThanOrEqual(-rounding);
              expect(place).toBeLessThan(1 + rounding);
            });
            begun.add(step.number);
            break;
          case 'drop':
            break;
        }
      }

      // every number is told, and at the end at most the current one and the one opened ahead are open
      const numbers = [...state.keys()].toSorted((a, b) => a - b);
      numbers.forEach((number, index) => expect(number).toBe((numbers[0] ?? 0) + index));
      const open = numbers.filter((number) => state.get(number) === 'open');
      expect(open).toEqual(numbers.slice(numbers.length - open.length));
      expect(open.length).toBeLessThanOrEqual(2);

      // every frame is in exactly one step
      const used = steps.flatMap((step) => (step.kind === 'fragment' ? step.samples.map((sample) => sample.data) : []));
      const dropped = steps.flatMap((step) => (step.kind === 'drop' ? [step.frame.data] : []));
      expect(new Set([...used, ...dropped])).toEqual(new Set(frames.map((frame) => frame.data)));
      expect(used.length + dropped.length).toBe(frames.length);
    }),
    { numRuns: 500 },
  );
});
