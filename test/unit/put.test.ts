import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import { closeConnections, connections, type Edge } from '../../agent/upload/edge.ts';
import { putSegment, type PutOutcome } from '../../agent/upload/put.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';
import { milliseconds } from '../../protocol/units.ts';

function edgeAt(port: number): Edge {
  const base = new URL(`http://127.0.0.1:${port}`);
  const edge = { base, ...connections(), token: () => Promise.resolve('a token') };
  onTestFinished(() => closeConnections(edge));
  return edge;
}

/** A segment of three bytes whose life is over in `life` milliseconds. */
function put(edge: Edge, life: number): Promise<PutOutcome> {
  const body = new SegmentBody();
  body.append(new Uint8Array(3));
  body.end();
  return putSegment({
    edge,
    url: new URL('/cam/chunk-stream0-1.m4s', edge.base),
    body,
    writer: 'a run',
    ending: new Uint8Array(3),
    end: systemClock.wall(),
    life: milliseconds(life),
    clock: systemClock,
    onRetry: () => {},
    signal: new AbortController().signal,
  });
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const edge = edgeAt((server.address() as AddressInfo).port);
  const before = edge.dispatcher.current;
  expect(await put(edge, 20_000)).toMatchObject({ kind: 'delivered', viewers: 7, attempts: 2 });
  expect(edge.dispatcher.current).not.toBe(before);
});
