import { describe, expect, test } from 'vitest';
import type { Clock } from '../../agent/clock.ts';
import { clockStep } from '../../agent/ffmpeg/clock-step.ts';
import type { Failure } from '../../agent/media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';
import { SimulatedClock } from '../simulated-clock.ts';

function watch() {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const told: Failure[] = [];
  void clockStep(clock, clock, over.signal).then((failure) => told.push(failure));
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

describe('where pictures are timed by the clock of an edge elsewhere', () => {
  function watchBoth() {
    const machine = new SimulatedClock();
    const edge = { ahead: 60_000 };
    const start = machine.wall();
    const clock: Clock = { ...machine, wall: () => milliseconds(start + machine.monotonic() + edge.ahead) };
    const told: Failure[] = [];
    void clockStep(clock, machine, new AbortController().signal).then((failure) => told.push(failure));
    return { machine, edge, told };
  }

  test("it is noticed when this machine's is set", async () => {
    const { machine, told } = watchBoth();
    await machine.advance(10_000);
    expect(told).toEqual([]);
    machine.step(-5000);
    await machine.advance(500);
    expect(told).toEqual([{ kind: 'clock', message: "this machine's clock was set back by 5.0 s" }]);
  });

  test("and when the edge's is", async () => {
    const { machine, edge, told } = watchBoth();
    await machine.advance(10_000);
    edge.ahead += 5000;
    await machine.advance(500);
    expect(told).toEqual([{ kind: 'clock', message: "by this machine's clock the edge's went forward by 5.0 s" }]);
  });
});
