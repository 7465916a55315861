/** A thousand connections that say nothing, fifty PUTs that dawdle, fifty readers that stop: those who are well go on. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import { EdgeAlone, type Put } from './support/edge.ts';
import { childrenOf } from './support/processes.ts';

const STREAM = 'cam' as StreamName;
const FRAGMENT_BYTES = 10_000;
const FRAGMENTS_PER_SECOND = 20;
const VIEWERS = 20;
const BEFORE_SECONDS = 3;
const DURING_SECONDS = 16;
/** kj's `HttpServerSettings.headerTimeout`, which workerd leaves as it is. */
const HEADER_SECONDS = 15;
const CHUNKED = 'Transfer-Encoding: chunked';

let edge: EdgeAlone;
let seen: Awaited<ReturnType<typeof story>>;

beforeAll(async () => {
  edge = await EdgeAlone.start(STREAM);
  seen = await story();
}, 60_000);
afterAll(() => edge[Symbol.asyncDispose]());

test('every viewer gets every byte of the PUT that is well', () => {
  expect(seen.status).toBe(201);
  const expected = FRAGMENT_BYTES * FRAGMENTS_PER_SECOND * (BEFORE_SECONDS + DURING_SECONDS);
  expect(seen.received).toEqual(Array.from({ length: VIEWERS }, () => expected));
});

test('about as soon as before', () => {
  const [before, during] = [median(seen.latencies.before), median(seen.latencies.during)];
  expect(during, `before ${before.toFixed(1)} ms, during ${during.toFixed(1)} ms`).toBeLessThan(3 * before + 25);
});

test(`a connection that sends no request, or only its beginning, is cut after ${HEADER_SECONDS} s`, () => {
  expect(seen.silent).toHaveLength(1000);
  expect(Math.min(...seen.silent)).toBeGreaterThan(HEADER_SECONDS - 1);
  expect(Math.max(...seen.silent)).toBeLessThan(HEADER_SECONDS + 10);
});

test('a PUT that says nothing for 10 s is answered, one that says a byte a second is not cut', () => {
  expect(seen.mute.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 408));
  for (const { seconds } of seen.mute) expect(seconds).toBeGreaterThan(9.5);
  expect(seen.dawdling).toEqual(Array.from({ length: 25 }, () => 'open'));
});

test('an init segment and a manifest have 10 s', () => {
  for (const { status, text, seconds } of seen.small) {
    expect(status).toBe(408);
    expect(text).toContain('"error":"expected the whole body within 10 s, got 4 bytes"');
    expect(seconds).toBeGreaterThan(9.5);
  }
});

test('the edge holds no segment for each reader that stops', () => {
  // 25 of them had 20 MB to read.
  expect(seen.growth, `${seen.growth.toFixed(0)} MB`).toBeLessThan(300);
});

async function story() {
  const [healthyPath = '', bigPath = ''] = edge.segmentPaths(STREAM);
  await putBig(bigPath);
  const healthy = new Healthy();
  await healthy.start(healthyPath);
  await healthy.send(BEFORE_SECONDS);
  const before = healthy.takeLatencies();
  const memory = await rss();

  const silent = Promise.all(Array.from({ length: 1000 }, (_, index) => sayNothing(index % 2 === 0)));
  const mute = Promise.all(Array.from({ length: 25 }, (_, index) => dawdle(pushed(index), CHUNKED)));
  const dawdling = await Promise.all(Array.from({ length: 25 }, (_, index) => dawdler(pushed(100 + index))));
  const stopped = await Promise.all(
    Array.from({ length: 50 }, (_, index) => stopReading(index % 2 === 0 ? bigPath : healthyPath)),
  );
  const small = Promise.all(
    ['/pushed/init-stream0.m4s', '/pushed/manifest.mpd'].map((path) => dawdle(path, 'Content-Length: 100', 'ftyp')),
  );
  await healthy.send(DURING_SECONDS);
  const during = healthy.takeLatencies();
  const growth = (await rss()) - memory;
  const result = {
    latencies: { before, during },
    growth,
    silent: await silent,
    mute: await mute,
    small: await small,
    dawdling: dawdling.map(({ end }) => end()),
    ...(await healthy.end()),
  };
  for (const socket of stopped) socket.destroy();
  return result;
}

/** A segment of a stream whose agent has said nothing of it. */
const pushed = (number: number): string => `/pushed/chunk-stream0-${number}.m4s`;

/** More than all buffers on the way to a reader hold. */
async function putBig(path: string): Promise<void> {
  const put = await edge.put(path, 'agent-1');
  const piece = 'x'.repeat(1_000_000);
  for (let sent = 0; sent < 20; sent += 1) put.chunk(piece);
  put.end();
  expect(await put.status()).toBe(201);
}

/** One PUT and those who watch it, and how long each fragment is on its way. */
class Healthy {
  #put: Put | undefined;
  readonly #sentAt: number[] = [];
  readonly #viewers: Promise<number>[] = [];
  #latencies: number[] = [];

  async start(path: string): Promise<void> {
    this.#put = await edge.put(path, 'agent-1');
    for (let viewer = 0; viewer < VIEWERS; viewer += 1) this.#viewers.push(this.#watch((await edge.get(path)).body));
  }

  async send(seconds: number): Promise<void> {
    const fragment = 'f'.repeat(FRAGMENT_BYTES);
    const start = performance.now();
    for (let index = 0; index < seconds * FRAGMENTS_PER_SECOND; index += 1) {
      await sleep(Math.max(0, start + (index * 1000) / FRAGMENTS_PER_SECOND - performance.now()));
      this.#sentAt.push(performance.now());
      this.#put?.chunk(fragment);
    }
  }

  takeLatencies(): number[] {
    const latencies = this.#latencies;
    this.#latencies = [];
    return latencies;
  }

  async end(): Promise<{ status: number | undefined; received: number[] }> {
    this.#put?.end();
    return { status: await this.#put?.status(), received: await Promise.all(this.#viewers) };
  }

  /** How much there was. */
  async #watch(body: AsyncIterable<Buffer>): Promise<number> {
    let received = 0;
    let fragments = 0;
    for await (const { length } of body) {
      received += length;
      for (; (fragments + 1) * FRAGMENT_BYTES <= received; fragments += 1) {
        this.#latencies.push(performance.now() - (this.#sentAt[fragments] ?? 0));
      }
    }
    return received;
  }
}

/** For how many seconds a connection lives on which nothing is said, or half a request. */
async function sayNothing(begin: boolean): Promise<number> {
  const start = performance.now();
  const socket = connect(Number(edge.url.port), '127.0.0.1');
  if (begin) socket.write('GET /version HTTP/1.1\r\nHost: edge\r\nX-Slow: ');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  return (performance.now() - start) / 1000;
}

/** What a PUT is answered with that says no more than this, and after how many seconds. */
async function dawdle(
  path: string,
  framing: string,
  said = '',
): Promise<{ status: number; text: string; seconds: number }> {
  const put = await edge.put(path, 'agent-1', framing);
  const start = performance.now();
  let text = '';
  put.socket.on('data', (more: string) => (text += more));
  put.socket.write(said);
  const status = await put.status();
  const seconds = (performance.now() - start) / 1000;
  put.socket.destroy();
  return { status, text, seconds };
}

/** A PUT of a byte a second. */
async function dawdler(path: string): Promise<{ end: () => 'open' | 'answered' }> {
  const put = await edge.put(path, 'agent-1');
  let state: 'open' | 'answered' = 'open';
  put.socket.on('data', () => (state = 'answered'));
  const timer = setInterval(() => put.chunk('x'), 1000);
  return {
    end: () => {
      clearInterval(timer);
      put.socket.destroy();
      return state;
    },
  };
}

/** A viewer who takes the beginning and no more. */
async function stopReading(path: string): Promise<Socket> {
  const socket = await edge.connect([`GET ${path} HTTP/1.1`]);
  socket.on('error', () => {});
  await once(socket, 'readable');
  return socket;
}

async function rss(): Promise<number> {
  const [workerd] = await childrenOf(process.pid, 'workerd');
  const status = await readFile(`/proc/${workerd?.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
