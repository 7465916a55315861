import { expect, test } from 'vitest';
import { milliseconds } from '../../protocol/units.ts';
import { SimulatedClock } from '../simulated-clock.ts';

test('who sleeps wakes in order, at its time, and may sleep on', async () => {
  const clock = new SimulatedClock();
  const woken: [string, number][] = [];
  const sleeper = async (name: string, ...times: number[]): Promise<void> => {
    for (const time of times) {
      await clock.sleep(milliseconds(time));
      woken.push([name, clock.monotonic()]);
    }
  };
  const all = Promise.all([sleeper('long', 300), sleeper('often', 100, 100, 150), sleeper('never', 1000)]);
  await clock.advance(350);
  expect(woken).toEqual([
    ['often', 100],
    ['often', 200],
    ['long', 300],
    ['often', 350],
  ]);
  await clock.advance(650);
  await all;
});

test('an aborted sleep ends at once, and takes no time', async () => {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const asleep = clock.sleep(milliseconds(1000), over.signal);
  over.abort();
  await asleep;
  await clock.sleep(milliseconds(1000), over.signal);
  expect(clock.monotonic()).toBe(0);
});

test('a wall clock that is set does not change how long anything takes', async () => {
  const clock = new SimulatedClock(5000);
  const asleep = clock.sleep(milliseconds(10));
  clock.step(-3600);
  expect([clock.wall(), clock.monotonic()]).toEqual([1400, 0]);
  await clock.advance(10);
  await asleep;
  expect([clock.wall(), clock.monotonic()]).toEqual([1410, 10]);
});
