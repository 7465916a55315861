/** The edge over real connections: what becomes of a segment when they break, stall or hang. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import { EdgeAlone, type Put } from './support/edge.ts';

const STREAM = 'cam' as StreamName;
/** How undici says that a response ended before its end. */
const CUT_OFF = 'other side closed';
const CHUNKED = 'Transfer-Encoding: chunked';

let edge: EdgeAlone;
let paths: string[];

beforeAll(async () => {
  edge = await EdgeAlone.start(STREAM);
  paths = edge.segmentPaths(STREAM);
});
afterAll(() => edge[Symbol.asyncDispose]());

/** A segment that no other test uses. */
function unusedPath(): string {
  const path = paths.pop();
  if (path === undefined) throw new Error('every segment has had its test');
  return path;
}

describe.concurrent('a PUT that breaks off', () => {
  test.for<[how: string, framing: string, cut: (put: Put) => void]>([
    ['its connection is closed between two fragments', CHUNKED, ({ socket }) => void socket.destroy()],
    ['its connection is reset', CHUNKED, ({ socket }) => void socket.resetAndDestroy()],
    ['it is cut off inside a fragment', CHUNKED, ({ socket }) => socket.write('ff\r\nhalf', () => socket.destroy())],
    ['it says no more, without its last chunk', CHUNKED, ({ socket }) => void socket.end()],
    ['it is shorter than it said', 'Content-Length: 100', ({ socket }) => void socket.destroy()],
  ])('never looks complete: %s', async ([, framing, cut]) => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1', framing);
    const viewer = await edge.watch(path);
    if (framing === CHUNKED) put.chunk('one ');
    else put.socket.write('one ');
    await viewer.receives('one ');
    cut(put);
    // It is kept for a while, in case the PUT is sent again: who comes now may still see it completed.
    const late = await edge.watch(path);
    await expect(viewer.whole()).rejects.toThrow(CUT_OFF);
    await expect(late.whole()).rejects.toThrow(CUT_OFF);
    expect(await edge.status(path)).toBe(404);
  });

  test('and is sent again by the same writer: nobody notices', async () => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1');
    const viewer = await edge.watch(path);
    put.chunk('one ');
    put.chunk('two ');
    await viewer.receives('one two ');
    const inTheMiddle = await edge.watch(path);
    put.socket.destroy();
    const again = await edge.put(path, 'agent-1');
    // In other pieces than before.
    again.chunk('on');
    again.chunk('e two three ');
    await viewer.receives('one two three ');
    const late = await edge.watch(path);
    again.chunk('four ');
    again.end();
    expect(await again.status()).toBe(201);
    for (const each of [viewer, inTheMiddle, late]) expect(await each.whole()).toBe('one two three four ');
    expect(await edge.status(path)).toBe(200);
  });

  test('again and again, is completed in the end', async () => {
    const path = unusedPath();
    const pieces = ['one ', 'two ', 'three ', 'four '];
    const first = await edge.put(path, 'agent-1');
    const viewer = await edge.watch(path);
    first.socket.resetAndDestroy();
    for (let sent = 1; sent <= pieces.length; sent += 1) {
      const put = await edge.put(path, 'agent-1');
      const soFar = pieces.slice(0, sent).join('');
      put.chunk(soFar);
      await viewer.receives(soFar);
      if (sent < pieces.length) put.socket.resetAndDestroy();
      else put.end();
    }
    expect(await viewer.whole()).toBe('one two three four ');
  });

  test('and is made anew by another agent: who watched the first one fails, who comes gets the second', async () => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1');
    const viewer = await edge.watch(path);
    put.chunk('one ');
    await viewer.receives('one ');
    put.socket.destroy();
    const another = async (): Promise<number> => {
      const whole = await edge.put(path, 'agent-2');
      whole.chunk('eins zwei ');
      whole.end();
      return whole.status();
    };
    // Refused while the edge has not heard of the end of the first one.
    let status = await another();
    while (status === 409) status = await another();
    expect(status).toBe(201);
    await expect(viewer.whole()).rejects.toThrow(CUT_OFF);
    expect(await (await edge.watch(path)).whole()).toBe('eins zwei ');
  });
});

describe('viewers', () => {
  test('who stop reading hold nobody up, whether they came before the others or after', async () => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1');
    const stall = async (): Promise<Socket> => {
      const socket = await edge.connect([`GET ${path} HTTP/1.1`]);
      await once(socket, 'readable');
      return socket;
    };
    const before = await stall();
    const viewer = await edge.watch(path);
    const after = await stall();
    // More than all buffers on the way hold.
    const piece = 'x'.repeat(500_000);
    for (let sent = 1; sent <= 40; sent += 1) {
      put.chunk(piece);
      await viewer.receives(piece.repeat(sent));
    }
    put.end();
    expect(await put.status()).toBe(201);
    expect((await viewer.whole()).length).toBe(20_000_000);
    for (const socket of [before, after]) socket.destroy();
  });

  test('who leave disturb nobody', async () => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1');
    const viewer = await edge.watch(path);
    for (const piece of ['one ', 'two ', 'three ']) {
      const leaver = await edge.get(path);
      leaver.body.on('error', () => {});
      put.chunk(piece);
      leaver.body.destroy();
    }
    await viewer.receives('one two three ');
    put.end();
    expect(await viewer.whole()).toBe('one two three ');
  });

  test('who come in the middle get all there is before the next fragment is made', async () => {
    const path = unusedPath();
    const put = await edge.put(path, 'agent-1');
    let sent = '';
    for (const size of [4, 4000, 5000, 60_000, 300_000]) {
      const piece = 'x'.repeat(size);
      put.chunk(piece);
      sent += piece;
      await (await edge.watch(path)).receives(sent);
    }
    put.end();
  });
});

test.for([
  '/cam/../../etc/passwd',
  '/cam/..%2f..%2fwrangler.toml',
  '/cam/%2e%2e/%2e%2e/etc/passwd',
  '/assets/../etc/passwd',
  '/assets/..%2findex.js',
  '/assets/..%2fplayer.html',
  '/assets/%2e%2e%2f%2e%2e%2fwrangler.toml',
  '/assets/..%5c..%5cwrangler.toml',
  '//cam//manifest.mpd',
  '/cam/manifest.mpd%00',
  '/cam%00/manifest.mpd',
  '/%ff/%fe',
  '/%',
  '/cam/chunk-stream0-%31e9.m4s',
])('a path as no browser sends it reaches nothing: %s', async (path) => {
  const socket = await edge.connect([`GET ${path} HTTP/1.1`, 'Connection: close']);
  let answer = '';
  for await (const text of socket) answer += String(text);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
});

test('what the edge complained of was that responses were cut off, and nothing else', () => {
  const expected = /the PUT broke off|another encoder took over|disconnected/;
  expect(edge.complaints.filter((message) => !expected.test(message))).toEqual([]);
});
