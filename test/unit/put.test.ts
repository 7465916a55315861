import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import { closeConnections, connections, type Edge } from '../../agent/upload/edge.ts';
import { putSegment, type PutOptions, type PutOutcome } from '../../agent/upload/put.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';
import { milliseconds } from '../../protocol/units.ts';
import { SimulatedClock } from '../simulated-clock.ts';

function edgeAt(port: number): Edge {
  const base = new URL(`http://127.0.0.1:${port}`);
  const edge = { base, ...connections(), token: () => Promise.resolve('a token') };
  onTestFinished(() => closeConnections(edge));
  return edge;
}

/** A segment of so many bytes whose life is over in `life` milliseconds. */
function put(edge: Edge, life: number, options: Partial<PutOptions> & { bytes?: number } = {}): Promise<PutOutcome> {
  const clock = options.clock ?? systemClock;
  const body = new SegmentBody();
  body.append(new Uint8Array(options.bytes ?? 3));
  body.end();
  return putSegment({
    edge,
    url: new URL('/cam/chunk-stream0-1.m4s', edge.base),
    body,
    writer: 'a run',
    ending: new Uint8Array(3),
    end: clock.wall(),
    life: milliseconds(life),
    clock,
    onRetry: () => {},
    signal: new AbortController().signal,
    ...options,
  });
}

/** A server of which each connection is given to `serve` as it comes. */
async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a segment that nobody takes is dropped when its life, no whole number of milliseconds, is over', async () => {
  const outcome = await put(edgeAt(1), 250.5);
  expect(outcome).toEqual({ kind: 'dropped', detail: expect.stringContaining('ECONNREFUSED') });
});

test('an edge that takes all bytes and never answers is asked again over a new connection', async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    if (asked === 2) response.writeHead(201, { 'fastll-viewers': '7' }).end();
  });
  const edge = edgeAt(await listening(server));
  const before = edge.dispatcher.current;
  expect(await put(edge, 20_000)).toMatchObject({ kind: 'delivered', viewers: 7, attempts: 2 });
  expect(edge.dispatcher.current).not.toBe(before);
});

/** Takes the beginning of the first `deaf` bodies and no more, and the others whole. */
async function deafEdge(deaf: number): Promise<{ edge: Edge; attempts: () => number }> {
  let attempts = 0;
  const server = createServer((request, response) => {
    attempts += 1;
    if (attempts <= deaf) return;
    request.resume();
    request.on('end', () => response.writeHead(201).end());
  });
  return { edge: edgeAt(await listening(server)), attempts: () => attempts };
}

/** More than the sockets' buffers hold. */
const MUCH = 40_000_000;

test('an edge that goes deaf in mid-body is asked again two seconds after the segment, and not before', async () => {
  const clock = new SimulatedClock();
  const { edge, attempts } = await deafEdge(1);
  const before = edge.dispatcher.current;
  const end = milliseconds(clock.wall() + 3000);
  const outcome = put(edge, 60_000, { clock, end, bytes: MUCH });
  await vi.waitFor(() => expect(attempts()).toBe(1));
  await clock.advance(4900);
  expect(edge.dispatcher.current).toBe(before);
  await clock.advance(300);
  expect(edge.dispatcher.current).not.toBe(before);
  expect(await outcome).toMatchObject({ kind: 'delivered', attempts: 2 });
});

test('each time it is given longer', async () => {
  const clock = new SimulatedClock();
  const { edge, attempts } = await deafEdge(2);
  const outcome = put(edge, 60_000, { clock, bytes: MUCH });
  await vi.waitFor(() => expect(attempts()).toBe(1));
  await clock.advance(2200);
  await vi.waitFor(() => expect(attempts()).toBe(2));
  await clock.advance(3800);
  expect(attempts()).toBe(2);
  await clock.advance(500);
  expect(await outcome).toMatchObject({ kind: 'delivered', attempts: 3 });
});

test('long before the end of a long segment an edge may be deaf for ten seconds', async () => {
  const clock = new SimulatedClock();
  const { edge, attempts } = await deafEdge(1);
  const outcome = put(edge, 60_000, { clock, end: milliseconds(clock.wall() + 60_000), bytes: MUCH });
  await vi.waitFor(() => expect(attempts()).toBe(1));
  await clock.advance(9900);
  expect(attempts()).toBe(1);
  await clock.advance(300);
  expect(await outcome).toMatchObject({ kind: 'delivered', attempts: 2 });
});

test('one that is slow is not taken for deaf', async () => {
  const clock = new SimulatedClock();
  let attempts = 0;
  const server = createTcpServer((socket) => {
    attempts += 1;
    let taken = 0;
    socket.on('data', (bytes: Buffer) => {
      taken += bytes.length;
      socket.pause();
      // 3 MB a second: what it has taken shows only when a good part of the buffers is free again.
      void clock.advance(20).then(() => socket.resume());
      if (taken > MUCH) socket.write('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const outcome = await put(edgeAt(await listening(server)), 600_000, { clock, bytes: MUCH });
  expect(clock.monotonic()).toBeGreaterThan(10_000);
  expect(outcome).toMatchObject({ kind: 'delivered', attempts: 1 });
  expect(attempts).toBe(1);
});
