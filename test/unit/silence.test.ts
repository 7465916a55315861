import { expect, test } from 'vitest';
import { silence } from '../../agent/silence.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { SimulatedClock } from '../simulated-clock.ts';

const PATIENCE = { first: milliseconds(15_000), next: milliseconds(5000) };

function listen() {
  const clock = new SimulatedClock();
  const over = new AbortController();
  let newest: Milliseconds | undefined;
  const told: (readonly [at: number, waited: number | undefined])[] = [];
  void silence(() => newest, PATIENCE, clock, over.signal).then((waited) => told.push([clock.monotonic(), waited]));
  const hear = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index += 1) {
      newest = clock.monotonic();
      await clock.advance(100);
    }
  };
  return { clock, over, told, hear };
}

test('before the first it is waited for longer', async () => {
  const { clock, told } = listen();
  await clock.advance(14_900);
  expect(told).toEqual([]);
  await clock.advance(100);
  expect(told).toEqual([[15_000, 15_000]]);
});

test('what falls silent soon after it has begun is noticed as soon as later', async () => {
  const { clock, told, hear } = listen();
  await hear(10);
  await clock.advance(10_000);
  expect(told).toEqual([[5900, 5000]]);
});

test('what goes on is not silent', async () => {
  const { told, hear } = listen();
  await hear(300);
  expect(told).toEqual([]);
});

test('nobody listens any more when it is over', async () => {
  const { clock, over, told } = listen();
  over.abort();
  await clock.advance(60_000);
  expect(told).toEqual([[0, undefined]]);
});
