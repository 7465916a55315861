/**
 * A PUT over a real connection, cut off in every region of its bytes: nobody takes it for whole, and it can go on. The same
 * where the Worker and its objects are in two processes.
 */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import { systemClock } from '../../agent/clock.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import { segmentEnding } from '../../agent/upload/ending.ts';
import { putSegment, type PutOutcome } from '../../agent/upload/put.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';
import { milliseconds } from '../../protocol/units.ts';
import { startLenientProxy } from '../fixtures/lenient-proxy.ts';
import { publishToken } from './support/edge-process.ts';
import { EdgeAlone, LAYOUTS, type Put, type Viewer } from './support/edge.ts';

const STREAM = 'cam' as StreamName;
const CUT_OFF = 'other side closed';

/** Of one encoder; another one's has not a byte of it. */
const FRAGMENTS = ['a', 'b', 'c'].map((letter) => letter.repeat(20_000));
const SEGMENT = FRAGMENTS.join('');
const SPARE = SEGMENT.toUpperCase();
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const CHUNKS = FRAGMENTS.map(chunk);
const LAST_CHUNK = '0\r\n\r\n';
const ALL = CHUNKS.join('') + LAST_CHUNK;

/** What has gone out when the connection breaks. */
const REGIONS: readonly [where: string, bytes: number][] = [
  ['before the first byte', 0],
  ["inside the first chunk's length", 2],
  ['before the first byte of a chunk', '4e20\r\n'.length],
  ['inside a box', 9000],
  ['between fragments', chunk(FRAGMENTS[0] ?? '').length],
  ['inside the last box', ALL.length - LAST_CHUNK.length - 3],
  ['behind the last byte', ALL.length - LAST_CHUNK.length - 2],
  ['before the last chunk', ALL.length - LAST_CHUNK.length],
  ['inside the last chunk', ALL.length - 2],
];
const WAYS = ['closed', 'reset'] as const;
const CASES = REGIONS.flatMap(([where, bytes]) => WAYS.map((way) => [where, way, bytes] as const));

let edge: EdgeAlone;

/** A segment as if nobody had ever put it. */
async function newSegment(): Promise<string> {
  const path = edge.segmentPaths(STREAM)[0] ?? '';
  const socket = await edge.connect([`DELETE ${path} HTTP/1.1`, 'Connection: close']);
  socket.resume();
  await once(socket, 'end');
  return path;
}

/** What of the segment is in the first bytes of the body. */
function mediaIn(bytes: number): string {
  let [media, offset] = ['', 0];
  for (const [index, fragment] of FRAGMENTS.entries()) {
    const size = CHUNKS[index]?.length ?? 0;
    media += fragment.slice(0, Math.max(0, bytes - offset - (size - fragment.length - 2)));
    offset += size;
  }
  return media;
}

/** A PUT of which so much has come out at two viewers. */
async function putBeginning(path: string, bytes: number): Promise<{ put: Put; watching: Viewer[] }> {
  const early = edge.watch(path);
  const put = await edge.put(path, 'agent-1');
  const watching = [await early];
  put.socket.write(ALL.slice(0, bytes));
  watching.push(await edge.watch(path));
  for (const viewer of watching) await viewer.receives(mediaIn(bytes));
  return { put, watching };
}

const breakOff = ({ socket }: Put, way: (typeof WAYS)[number]): unknown =>
  way === 'reset' ? socket.resetAndDestroy() : socket.destroy();

/** What an agent sends, over a way to the edge of its own. */
async function deliver(origin: URL, path: string): Promise<PutOutcome> {
  const agent = { base: origin, ...connections(), token: () => publishToken() };
  const ending = segmentEnding('agent-1');
  const body = new SegmentBody();
  for (const fragment of FRAGMENTS) body.append(Buffer.from(fragment));
  body.append(ending);
  body.end();
  try {
    return await putSegment({
      ...{ edge: agent, url: new URL(path, origin), body, writer: 'agent-1', ending, clock: systemClock },
      ...{
        end: systemClock.wall(),
        life: milliseconds(10_000),
        onRetry: () => {},
        signal: new AbortController().signal,
      },
    });
  } finally {
    await closeConnections(agent);
  }
}

async function putWhole(path: string, writer: string, segment: string): Promise<Put> {
  const put = await edge.put(path, writer);
  put.chunk(segment);
  put.end();
  return put;
}

describe.for(LAYOUTS)('cut off, %s', (layout) => {
  beforeAll(async () => {
    edge = await EdgeAlone.start(STREAM, layout);
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  test.for(CASES)('%s, %s: sent again, and everybody has it whole', async ([, way, bytes]) => {
    const path = await newSegment();
    const { put, watching } = await putBeginning(path, bytes);
    breakOff(put, way);
    watching.push(await edge.watch(path));
    const again = await putWhole(path, 'agent-1', SEGMENT);
    expect(await again.status()).toBe(201);
    watching.push(await edge.watch(path));
    for (const viewer of watching) expect(await viewer.whole()).toBe(SEGMENT);
  });

  test.for(CASES)('%s, %s: a spare that waits makes it, and nobody has some of both', async ([, way, bytes]) => {
    const path = await newSegment();
    const { put, watching } = await putBeginning(path, bytes);
    const spare = await putWhole(path, 'agent-2', SPARE);
    breakOff(put, way);
    expect(await spare.status()).toBe(201);
    for (const viewer of watching) {
      if (mediaIn(bytes) === '') expect(await viewer.whole()).toBe(SPARE);
      else await expect(viewer.whole()).rejects.toThrow(CUT_OFF);
    }
    expect(await (await edge.watch(path)).whole()).toBe(SPARE);
  });

  test.for([
    ['inside a box', 9000],
    ['between fragments', FRAGMENTS[0]?.length ?? 0],
    ['before what tells that it is whole', SEGMENT.length],
    ['inside of that', SEGMENT.length + 10],
  ] as const)('%s, by a proxy that ends it as if it were whole: sent again', async ([, bytes]) => {
    const path = await newSegment();
    await using proxy = await startLenientProxy(edge.url, bytes);
    const early = edge.watch(path);
    expect(await deliver(proxy.url, path)).toMatchObject({ kind: 'delivered', attempts: 2 });
    const whole = SEGMENT + Buffer.from(segmentEnding('agent-1')).toString('latin1');
    for (const viewer of [await early, await edge.watch(path)]) expect(await viewer.whole()).toBe(whole);
  });
});
