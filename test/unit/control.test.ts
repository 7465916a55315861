/** The agent's WebSocket to the edge, against a real server. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { Control } from '../../agent/control.ts';
import { closeConnections, connections, type Edge } from '../../agent/upload/edge.ts';
import type { StreamName } from '../../protocol/names.ts';
import { SimulatedClock } from '../simulated-clock.ts';

const log = pino({ level: 'silent' });

/** A server, and the connections that come to it, one after the other. */
async function serve(): Promise<{ edge: Edge; next: () => Promise<Heard> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const arrived: Heard[] = [];
  server.on('connection', (socket) => arrived.push(new Heard(socket)));
  const edge = {
    base: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ...connections(),
    token: () => Promise.resolve('a token'),
  };
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    await closeConnections(edge);
  });
  const next = async (): Promise<Heard> => {
    if (arrived.length === 0) await once(server, 'connection');
    return arrived.shift() as Heard;
  };
  return { edge, next };
}

/** What an agent says on one connection. */
class Heard {
  readonly socket: WebSocket;
  readonly #messages: unknown[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      this.#messages.push(text === 'ping' ? text : JSON.parse(text));
    });
  }

  async message(): Promise<unknown> {
    if (this.#messages.length === 0) await once(this.socket, 'message');
    return this.#messages.shift();
  }
}

/** An agent's end whose every greeting waits until the test lets it go. */
function connect(edge: Edge): { control: Control; clock: SimulatedClock; greeting: () => Promise<() => void> } {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const begun: (() => void)[] = [];
  let told = Promise.withResolvers<void>();
  const control = new Control({
    clock,
    edge,
    stream: 'front' as StreamName,
    log,
    signal: over.signal,
    onWanted: () => {},
    onConnected: () =>
      new Promise((resolve) => {
        begun.push(resolve);
        told.resolve();
        told = Promise.withResolvers();
      }),
  });
  const ended = control.run();
  onTestFinished(async () => {
    over.abort();
    await ended;
  });
  const greeting = async (): Promise<() => void> => {
    if (begun.length === 0) await told.promise;
    return begun.shift() as () => void;
  };
  return { control, clock, greeting };
}

/** Lets time go by until the server has the next connection. */
async function reconnected(clock: SimulatedClock, next: Promise<Heard>): Promise<Heard> {
  const arrived = next.then((heard) => ({ heard }));
  for (;;) {
    // Not much faster than the network, which goes by real time.
    const found = await Promise.race([arrived, sleep(1)]);
    if (found !== undefined) return found.heard;
    await clock.advance(10);
  }
}

test('a greeting that outlives its connection does not take the place of the next one', async () => {
  const { edge, next } = await serve();
  const { control, clock, greeting } = connect(edge);
  const first = await next();
  const firstGreeting = await greeting();
  first.socket.terminate();
  const second = await reconnected(clock, next());
  const secondGreeting = await greeting();
  secondGreeting();
  control.state('starting');
  expect(await second.message()).toEqual({ type: 'state', state: 'starting' });
  firstGreeting();
  await clock.advance(0);
  control.state('live');
  expect(await second.message()).toEqual({ type: 'state', state: 'live' });
});

test('a connection on which nothing is heard any more is left for a new one', async () => {
  const { edge, next } = await serve();
  const { control, clock, greeting } = connect(edge);
  control.state('live');
  const first = await next();
  (await greeting())();
  expect(await first.message()).toEqual({ type: 'state', state: 'live' });
  await clock.advance(10_000);
  expect(await first.message()).toBe('ping');
  const second = await reconnected(clock, next());
  expect(clock.monotonic()).toBeGreaterThan(20_000);
  (await greeting())();
  expect(await second.message()).toEqual({ type: 'state', state: 'live' });
});

test('a token that can not be had yet is asked for again', async () => {
  const { edge, next } = await serve();
  let asked = 0;
  const token = (): Promise<string> =>
    ++asked === 1 ? Promise.reject(new Error('none yet')) : Promise.resolve('a token');
  const { control, clock, greeting } = connect({ ...edge, token });
  control.state('idle');
  const heard = await reconnected(clock, next());
  (await greeting())();
  expect(await heard.message()).toEqual({ type: 'state', state: 'idle' });
});
