/** What the page takes for the edge's time, against a real server that tells one. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { EdgeClock } from '../../worker/player/edge-clock.ts';

/** How far the edge's clock is ahead of one that nobody sets. */
let edgeAheadMs = 0;
beforeEach(() => {
  edgeAheadMs = Date.UTC(2026, 10, 25);
  vi.useFakeTimers({ toFake: ['Date'], now: edgeAheadMs + performance.now() });
});
afterEach(() => {
  vi.useRealTimers();
});

const edgeNow = (): number => edgeAheadMs + performance.now();

/** A clock that has been asked of a server; `answers` counts. */
async function clock(): Promise<{ clock: EdgeClock; answers: () => number }> {
  let answers = 0;
  const server = createServer((_, response) => {
    answers += 1;
    response.end(new Date(edgeNow()).toISOString());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    clock: new EdgeClock(`http://127.0.0.1:${(server.address() as AddressInfo).port}/isotime`),
    answers: () => answers,
  };
}

/** The browser's clock is put where it would be had nobody set it, and then set. */
const setBrowser = (seconds: number): unknown =>
  vi.setSystemTime(Date.UTC(2026, 10, 25) + performance.now() + 1000 * seconds);

const off = (one: EdgeClock): number => Math.abs(one.now() - edgeNow());

test('before the edge has answered it is what somebody else has measured', async () => {
  const { clock: one } = await clock();
  edgeAheadMs += 5000;
  one.suggest(Number.NaN);
  expect(off(one)).toBeGreaterThan(4900);
  one.suggest(5000);
  expect(off(one)).toBeLessThan(50);
});

test('a browser whose clock is wrong shows the time of the edge', async () => {
  setBrowser(-7200);
  const { clock: one } = await clock();
  one.keep();
  await vi.waitFor(() => expect(off(one)).toBeLessThan(100));
  expect(one.roundTripMs).toBeGreaterThan(0);
  one.suggest(0);
  expect(off(one)).toBeLessThan(100);
});

describe.for([1, -1, 5, -5, 60, -60, 3600, -3600])('a step of %d s', (step) => {
  test("of the browser's clock changes nothing", async () => {
    const { clock: one } = await clock();
    one.keep();
    await vi.waitFor(() => expect(one.roundTripMs).toBeGreaterThan(0));
    setBrowser(step);
    expect(off(one)).toBeLessThan(100);
    one.keep();
    expect(off(one)).toBeLessThan(100);
  });

  test('of the clock that both have is seen with the next answer, which is asked for at once', async () => {
    const { clock: one, answers } = await clock();
    one.keep();
    await vi.waitFor(() => expect(one.roundTripMs).toBeGreaterThan(0));
    setBrowser(0);
    one.keep();
    expect(answers()).toBe(1);
    edgeAheadMs += 1000 * step;
    setBrowser(step);
    one.keep();
    await vi.waitFor(() => expect(off(one)).toBeLessThan(100));
    expect(answers()).toBe(2);
  });
});
