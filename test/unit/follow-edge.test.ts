/** An agent takes the time from its edge, a real server here whose clock a test sets, as it sets the machine's. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { followEdge } from '../../agent/follow-edge.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import { TIME_HEADER } from '../../protocol/headers.ts';
import { SimulatedClock } from '../simulated-clock.ts';

const precisely = (response: ServerResponse, time: number): unknown =>
  response.setHeader(TIME_HEADER, new Date(time).toISOString()).end();
const inWholeSeconds = (response: ServerResponse, time: number): unknown =>
  response.setHeader('date', new Date(time).toUTCString()).end();

/**
 * An agent that follows an edge whose clock is ahead of this machine's.
 * @param tell how it tells its time
 */
async function follow(edgeAhead: number, tell = precisely) {
  const machine = new SimulatedClock();
  const start = machine.wall();
  const asked: number[] = [];
  const edge = { ahead: edgeAhead, tell };
  const edgeTime = (): number => start + machine.monotonic() + edge.ahead;
  const server = createServer((_, response) => {
    asked.push(machine.monotonic());
    edge.tell(response, edgeTime());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reached = {
    base: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ...connections(),
    token: () => Promise.resolve(''),
  };
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push((JSON.parse(line) as { msg: string }).msg) });
  const over = new AbortController();
  const { clock, over: followed } = await followEdge({ own: machine, edge: reached, log, signal: over.signal });
  onTestFinished(async () => {
    over.abort();
    await followed;
    await closeConnections(reached);
    server.close();
  });
  /** Lets time go by; that the edge answers takes none. */
  const pass = (seconds: number): Promise<void> => machine.advance(1000 * seconds, () => machine.sleeping > 0);
  return { machine, edge, clock, asked, lines, pass, off: () => clock.wall() - edgeTime() };
}

test.for([5000, -5000, 3_600_000, -86_400_000])(
  'a machine whose clock is %d ms off has the time of the edge before the first picture, and is told so once',
  async (ahead) => {
    const { clock, lines, pass, off } = await follow(ahead);
    expect(Math.abs(off())).toBeLessThan(5);
    await pass(70);
    expect(Math.abs(off())).toBeLessThan(5);
    expect(lines).toEqual([
      `this machine's clock is ${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead > 0 ? 'behind' : 'ahead of'} the edge's: pictures get the edge's time; set this machine by NTP`,
    ]);
    expect(clock.monotonic()).toBe(70_000);
  },
);

test('a machine whose clock may be right keeps it', async () => {
  const { machine, clock, lines, pass } = await follow(0.4);
  await pass(5);
  expect(clock.wall()).toBe(machine.wall());
  expect(lines).toEqual([]);
});

describe.for([1, -1, 5, -5, 60, -60, 3600, -3600])('a step of %d s', (step) => {
  test("of this machine's clock changes no time of a picture; it is said, and when it is undone", async () => {
    const { machine, lines, pass, off } = await follow(0);
    await pass(8);
    machine.step(1000 * step);
    expect(Math.abs(off())).toBeLessThan(5);
    await pass(3);
    expect(Math.abs(off())).toBeLessThan(5);
    expect(lines).toEqual([expect.stringMatching(step > 0 ? /s ahead of the edge's/ : /s behind the edge's/)]);
    machine.step(-1000 * step);
    await pass(3);
    expect(Math.abs(off())).toBeLessThan(5);
    expect(lines.slice(1)).toEqual(["this machine's clock agrees with the edge's again"]);
  });

  test('of the clock that agent and edge share is followed within two seconds', async () => {
    const { machine, edge, pass, off } = await follow(0);
    await pass(8);
    machine.step(1000 * step);
    edge.ahead += 1000 * step;
    await pass(2);
    expect(Math.abs(off())).toBeLessThan(5);
  });

  test("of the edge's clock alone is followed within half a minute", async () => {
    const { edge, pass, off } = await follow(0);
    await pass(8);
    edge.ahead += 1000 * step;
    await pass(32);
    expect(Math.abs(off())).toBeLessThan(5);
  });
});

test('an edge that tells whole seconds only is followed to within a tenth of one', async () => {
  const { pass, off } = await follow(7321, inWholeSeconds);
  expect(Math.abs(off())).toBeLessThan(1000);
  await pass(300);
  expect(Math.abs(off())).toBeLessThan(100);
});

test('an edge that tells no time, or nonsense, is not believed', async () => {
  const { edge, machine, clock, pass, off } = await follow(5000, (response) => response.writeHead(502).end());
  expect(clock.wall()).toBe(machine.wall());
  edge.tell = (response) => response.setHeader('date', 'yesterday').end();
  await pass(35);
  expect(clock.wall()).toBe(machine.wall());
  edge.tell = precisely;
  await pass(32);
  expect(Math.abs(off())).toBeLessThan(5);
});

test('it is asked a few times at first, and then twice a minute', async () => {
  const { asked, pass } = await follow(0);
  await pass(6);
  expect(asked.length).toBe(5);
  await pass(120);
  expect(asked.length).toBeGreaterThan(7);
  expect(asked.length).toBeLessThan(10);
});
