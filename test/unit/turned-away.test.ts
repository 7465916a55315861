/** What an edge elsewhere, and what stands before it, hears of an agent, and what the agent says of a refusal. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { versionOf } from '../../agent/check/edge-check.ts';
import { ask } from '../../agent/check/edge-request.ts';
import { systemClock } from '../../agent/clock.ts';
import { Control } from '../../agent/control.ts';
import { closeConnections, connections, type Edge } from '../../agent/upload/edge.ts';
import { putSegment, type PutOutcome } from '../../agent/upload/put.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';
import type { StreamName } from '../../protocol/names.ts';
import { milliseconds } from '../../protocol/units.ts';

/** A server in the edge's place. */
async function serve(answer: RequestListener): Promise<{ edge: Edge; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    request.resume();
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const edge = { base: new URL(`http://127.0.0.1:${port}`), ...connections(), token: async () => 'a token' };
  onTestFinished(async () => {
    await closeConnections(edge);
    server.closeAllConnections();
    server.close();
  });
  return { edge, asked };
}

const over = (): AbortSignal => {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return controller.signal;
};

function put(edge: Edge): Promise<PutOutcome> {
  const body = new SegmentBody();
  body.append(new Uint8Array(3));
  body.end();
  return putSegment({
    ...{
      edge,
      url: new URL('/cam/chunk-stream0-1.m4s', edge.base),
      body,
      writer: 'a run',
      ending: new Uint8Array(3),
    },
    ...{ end: systemClock.wall(), life: milliseconds(10_000), clock: systemClock, onRetry: () => {}, signal: over() },
  });
}

/** The first line that the agent logs of its control connection. */
function complaintOf(edge: Edge): Promise<string> {
  return new Promise((resolve) => {
    const write = (line: Buffer, _: unknown, done: () => void): void => {
      resolve((JSON.parse(line.toString()) as { msg: string }).msg);
      done();
    };
    const control = new Control({
      ...{ edge, stream: 'cam' as StreamName, clock: systemClock, log: pino(new Writable({ write })), signal: over() },
      ...{ onConnected: async () => {}, onWanted: () => {} },
    });
    void control.run();
  });
}

const agentName = `fast-ll/${packageJson.version}`;

test('the agent says who it is with every request: a client without a name is taken for a robot', async () => {
  const { edge, asked } = await serve((_, response) => response.writeHead(404).end('{"error":"no"}'));
  await put(edge);
  await complaintOf(edge);
  await ask({ edge, clock: systemClock, signal: over() }, '/version');
  await ask({ edge, clock: systemClock, signal: over() }, '/cam/manifest.mpd', { body: 'x' });
  edge.dispatcher.leave(edge.dispatcher.current);
  await put(edge);
  expect(asked.map(({ headers }) => headers.upgrade)).toContain('websocket');
  expect(new Set(asked.map(({ headers }) => headers['user-agent']))).toEqual(new Set([agentName]));
});

const CHALLENGE: RequestListener = (_, response) =>
  response
    .writeHead(403, { 'content-type': 'text/html; charset=UTF-8', 'cf-mitigated': 'challenge', server: 'cloudflare' })
    .end('<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head></html>');
const BANNED: RequestListener = (_, response) =>
  response.writeHead(403, { 'content-type': 'text/plain', server: 'cloudflare' }).end('error code: 1010');
const USED_UP: RequestListener = (_, response) =>
  response
    .writeHead(429, { 'content-type': 'text/html', server: 'cloudflare' })
    .end('<html><head><title>Worker exceeded resource limits</title></head><body>Error 1027</body></html>');
const PROXY: RequestListener = (_, response) =>
  response
    .writeHead(403, { 'content-type': 'text/html', server: 'nginx' })
    .end('<html><head><title>403 Forbidden</title></head></html>');
const EDGE: RequestListener = (_, response) =>
  response
    .writeHead(403, { 'content-type': 'application/json', server: 'cloudflare' })
    .end('{"error":"the token does not permit this"}');

describe('a refusal', () => {
  test.for<[by: string, answer: RequestListener, says: RegExp]>([
    ['Cloudflare, which challenges', CHALLENGE, /^Cloudflare challenges the agent.*: .*Browser Integrity Check/],
    ['Cloudflare, by error 1010', BANNED, /^Cloudflare turns the agent away \(error 1010\): .*Browser Integrity Check/],
    ['Cloudflare, when a day’s requests are used up', USED_UP, /^the free plan's requests of this day are used up: /],
    ['a proxy', PROXY, /^what is before the edge \(nginx\) answers 403 with a page of its own: /],
    ['the edge', EDGE, /^the token does not permit this$/],
  ])('by %s is told in a sentence, to a PUT and to the control connection', async ([, answer, says]) => {
    const { edge } = await serve(answer);
    expect(await put(edge)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(says) });
    const complaint = await complaintOf(edge);
    expect(complaint).toMatch(/^cam: no connection to the edge: /);
    expect(complaint.replace('cam: no connection to the edge: ', '').replace('; trying on', '')).toMatch(says);
  });

  test('to a check is told too, and not that the edge is none', async () => {
    const { edge } = await serve(CHALLENGE);
    await expect(versionOf({ edge, clock: systemClock, signal: over() })).rejects.toThrow(/^Cloudflare challenges/);
  });
});
