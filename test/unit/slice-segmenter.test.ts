import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SliceSegmenter } from '../../agent/cmaf/slice-segmenter.ts';
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

const make = ({ segment = 1, fragment = 0.1 } = {}): SliceSegmenter =>
  new SliceSegmenter({ segmentDuration: seconds(segment), fragmentDuration: seconds(fragment) });

/** `open 0 K0`, `fragment 0: K0+100 100+100`, `close 0`, `skip 1-2`, `drop 300`: times in ms, `K` for keyframes. */
function told(steps: readonly Step[], first = 1000): string[] {
  return steps.map((step) => {
    switch (step.kind) {
      case 'open':
        return `open ${step.number - first} K${(step.keyframe ?? NaN) - first}`;
      case 'close':
        return `close ${step.number - first}`;
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

const pushAll = (segmenter: SliceSegmenter, frames: readonly Frame[]): string[][] =>
  frames.map((frame) => told(segmenter.push(frame)));

const at10fps = (from: number, to: number, keyframes: readonly number[]): Frame[] =>
  Array.from({ length: (to - from) / 100 }, (_, index) => {
    const time = from + index * 100;
    return frameAt(time, keyframes.includes(time));
  });

test('segments are slices of time, whatever keyframes there are; each says where the last one lies', () => {
  const steps = pushAll(make(), at10fps(300, 3200, [300, 2500]));
  expect(steps.flat().filter((step) => !step.startsWith('fragment'))).toEqual([
    ...['open 0 K0', 'open 1 K0', 'close 0'],
    ...['open 2 K0', 'close 1'],
    ...['open 3 K2', 'close 2'],
  ]);
  expect(steps.flat()).toContain('fragment 1: 1000+100');
  expect(steps.flat()).toContain('fragment 2: K2500+100');
});

test('a segment is closed with its last frame, the next one opened a fragment ahead', () => {
  const steps = pushAll(make(), at10fps(300, 1200, [300]));
  expect(steps.slice(-4)).toEqual([
    ['fragment 0: 800+100', 'open 1 K0'],
    ['fragment 0: 900+100', 'close 0'],
    ['fragment 1: 1000+100'],
    ['fragment 1: 1100+100'],
  ]);
});

test('what comes before the first keyframe is dropped, and nothing after it', () => {
  const steps = pushAll(make(), at10fps(0, 600, [300])).flat();
  expect(steps).toEqual([
    ...['drop 0', 'drop 100', 'drop 200'],
    ...['open 0 K0', 'fragment 0: K300+100', 'fragment 0: 400+100', 'fragment 0: 500+100'],
  ]);
});

test('a fragment is cut before a keyframe', () => {
  const steps = pushAll(make({ fragment: 0.3 }), at10fps(0, 900, [0, 400]));
  // How far apart they are is not known at first.
  expect(steps).toEqual([
    ['open 0 K0'],
    [],
    ['fragment 0: K0+100 100+100 200+100'],
    [],
    ['fragment 0: 300+100'],
    [],
    ['fragment 0: K400+100 500+100 600+100', 'open 1 K0'],
    [],
    [],
  ]);
});

test('a frame a little before the boundary is of the next segment where this one has ended', () => {
  const frames = [...at10fps(0, 800, [0]), frameAt(800), frameAt(902), frameAt(999)];
  expect(pushAll(make(), frames).slice(-2)).toEqual([['fragment 0: 902+100', 'close 0'], ['fragment 1: 999+100']]);
});

test('a frame that was expected beyond the boundary and comes before it is not dropped', () => {
  const frames = [...at10fps(0, 900, [0]), frameAt(930), frameAt(960), frameAt(990), frameAt(1020)];
  expect(
    pushAll(make(), frames)
      .slice(-4)
      .flat()
      .filter((step) => step.startsWith('drop')),
  ).toEqual([]);
});

test('a late frame leaves no hole unless it is a keyframe: a player would drop all up to the next', () => {
  const late = pushAll(make(), [...at10fps(0, 500, [0]), frameAt(2300)]).at(-1);
  expect(late).toEqual(['close 0', 'skip 1-1', 'open 2 K0', 'fragment 2: 500+1900']);
  const keyframe = pushAll(make(), [...at10fps(0, 500, [0]), frameAt(2300, true)]).at(-1);
  expect(keyframe).toEqual(['close 0', 'skip 1-1', 'open 2 K2', 'fragment 2: K2000+400']);
});

test('a camera that is slower than its segments has some without media', () => {
  const frames = [frameAt(0, true), frameAt(1500), frameAt(3000), frameAt(4500)];
  expect(pushAll(make(), frames)).toEqual([
    ['open 0 K0'],
    ['fragment 0: K0+1500', 'close 0', 'open 1 K0', 'fragment 1: 1500+1500', 'close 1', 'open 2 K0'],
    ['close 2', 'open 3 K0', 'fragment 3: 3000+1500', 'close 3', 'open 4 K0'],
    ['fragment 4: 4500+1500', 'close 4', 'open 5 K0'],
  ]);
});

test('two frames of one time follow each other all the same', () => {
  const segmenter = make();
  const frames = [frameAt(0, true), frameAt(100), frameAt(100), frameAt(200)];
  const steps = [...frames.flatMap((frame) => segmenter.push(frame)), ...segmenter.end()];
  const times = steps.flatMap((step) => (step.kind === 'fragment' ? step.samples.map(({ time }) => time) : []));
  expect(times.map((time) => time - START * 90)).toEqual([0, 9000, 9001, 18_000]);
});

test.each([
  ['on', 10_401, 10.001],
  ['back', -101, -0.501],
])('a jump %s is an error that says by how much', (_, time, by) => {
  const segmenter = make();
  pushAll(segmenter, at10fps(0, 500, [0]));
  const push = () => segmenter.push(frameAt(time));
  expect(push).toThrow(TimestampJump);
  expect(push).toThrow(expect.objectContaining({ by }));
});

test('B frames keep how much later than decoded they are seen', () => {
  const frame = { ...frameAt(0, true), compositionOffset: ticks(9000) };
  const samples = make({ fragment: 0.04 })
    .push(frame)
    .flatMap((step) => (step.kind === 'fragment' ? step.samples : []));
  expect(samples).toMatchObject([{ compositionOffset: 9000 }]);
});

test('at the end what is pending is told, but a segment that is cut off is not closed', () => {
  const segmenter = make({ fragment: 0.3 });
  pushAll(segmenter, at10fps(0, 500, [0]));
  expect(told(segmenter.end())).toEqual(['fragment 0: 300+100 400+100']);
  expect(segmenter.end()).toEqual([]);
  expect(make().end()).toEqual([]);
});

const settings = fc.record({
  segment: fc.constantFrom(0.5, 1, 1.001, 2, 4),
  fragment: fc.constantFrom(0.001, 0.04, 0.1, 0.2, 0.5),
  rate: fc.constantFrom(5, 10, 12.5, 15, 25, 29.97, 30, 50, 60),
});

test('a steady camera, its times right to a millisecond: every segment is closed by its last frame', () => {
  const jitters = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 300, maxLength: 300 });
  fc.assert(
    fc.property(settings, jitters, fc.nat({ max: 1000 }), ({ segment, fragment, rate }, jitter, phase) => {
      const segmenter = make({ segment, fragment });
      const count = Math.min(300, Math.ceil(rate * segment * 4));
      for (let index = 0; index < count; index += 1) {
        const time = phase + (index * 1000) / rate + (jitter[index] ?? 0);
        const steps = segmenter.push(frameAt(time, index % 37 === 0));
        if (index < 5) continue; // how far apart they are is not known yet
        const [first] = steps;
        expect(first?.kind === 'close' || steps.some(({ kind }) => kind === 'drop' || kind === 'skip')).toBe(false);
      }
    }),
  );
});

/** Anything a camera might do: jitter, hiccups, other rates, keyframes anywhere or nowhere. */
const mess = fc.array(
  fc.record({
    interval: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 10, max: 180 }) },
      { weight: 1, arbitrary: fc.integer({ min: -400, max: 9000 }) },
    ),
    keyframe: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }),
  { minLength: 1, maxLength: 120 },
);

test('whatever frames come, the steps are a story without contradictions', () => {
  fc.assert(
    fc.property(mess, settings, (moves, { segment, fragment }) => {
      const segmenter = make({ segment, fragment });
      const steps: Step[] = [];
      const frames: Frame[] = [];
      let [time, latest] = [0, -Infinity];
      for (const { interval, keyframe } of moves) {
        time = Math.max(time + interval, latest - 400);
        latest = Math.max(latest, time);
        frames.push(frameAt(time, keyframe));
        steps.push(...segmenter.push(frames.at(-1)!));
      }
      steps.push(...segmenter.end());

      const state = new Map<number, 'open' | 'closed' | 'skipped'>();
      let keyframe = -Infinity;
      let end: number | undefined;
      for (const step of steps) {
        switch (step.kind) {
          case 'open':
            expect(state.get(step.number)).toBeUndefined();
            state.set(step.number, 'open');
            // The edge looks for the last keyframe from there on.
            expect(step.keyframe).toBeLessThanOrEqual(step.number);
            expect(step.keyframe).toBeGreaterThanOrEqual(keyframe);
            keyframe = step.keyframe ?? NaN;
            break;
          case 'close':
            expect(state.get(step.number)).toBe('open');
            state.set(step.number, 'closed');
            break;
          case 'skip':
            for (let number: number = step.from; number <= step.to; number += 1) {
              expect(state.get(number)).toBeUndefined();
              state.set(number, 'skipped');
            }
            break;
          case 'fragment':
            expect(state.get(step.number)).toBe('open');
            step.samples.forEach((sample, index) => {
              if (index > 0) expect(sample.keyframe).toBe(false);
              expect(sample.duration).toBeGreaterThan(0);
              // No hole but before a keyframe.
              if (end !== undefined && !sample.keyframe) expect(sample.time - end).toBeLessThanOrEqual(9000 * 10);
              end = sample.time + sample.duration;
            });
            break;
          case 'drop':
            expect(state.size).toBe(0);
            break;
        }
      }
      const numbers = [...state.keys()].toSorted((a, b) => a - b);
      numbers.forEach((number, index) => expect(number).toBe((numbers[0] ?? 0) + index));
      const used = steps.flatMap((step) => (step.kind === 'fragment' ? step.samples.map(({ data }) => data) : []));
      const dropped = steps.flatMap((step) => (step.kind === 'drop' ? [step.frame.data] : []));
      // In order, and each once.
      expect([...dropped, ...used]).toEqual(frames.map(({ data }) => data));
    }),
    { numRuns: 500 },
  );
});
