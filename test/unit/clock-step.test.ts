import { expect, test } from 'vitest';
import { clockStep } from '../../agent/ffmpeg/clock-step.ts';
import type { Failure } from '../../agent/media/failure.ts';
import { SimulatedClock } from '../simulated-clock.ts';

function watch() {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const told: Failure[] = [];
  void clockStep(clock, over.signal).then((failure) => told.push(failure));
  return { clock, over, told };
}

test.for([
  [3000, 'forward by 3.0 s'],
  [-3000, 'back by 3.0 s'],
  [-7_200_000, 'back by 7200.0 s'],
] as const)('a wall clock that is set by %i ms is noticed within half a second', async ([by, words]) => {
  const { clock, told } = watch();
  await clock.advance(10_000);
  expect(told).toEqual([]);
  clock.step(by);
  await clock.advance(500);
  expect(told).toEqual([{ kind: 'clock', message: `this machine's clock was set ${words}` }]);
});

test('small steps one after the other are noticed when they are a large one', async () => {
  const { clock, told } = watch();
  for (const _ of [1, 2]) {
    clock.step(100);
    await clock.advance(1000);
  }
  expect(told).toEqual([]);
  clock.step(100);
  await clock.advance(1000);
  expect(told).toHaveLength(1);
});

test('nobody is told any more when it is over', async () => {
  const { clock, over, told } = watch();
  over.abort();
  clock.step(3000);
  await clock.advance(10_000);
  expect(told).toEqual([]);
});
