/** Viewers and spares who wait for a segment, and leave: on real connections, which tell more or less of that. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import type { StreamName } from '../../protocol/names.ts';
import { EdgeAlone, LAYOUTS } from './support/edge.ts';

const STREAM = 'cam' as StreamName;
/** A fifth more than may be held of one segment. */
const MANY = 6000;

let edge: EdgeAlone;

/** Whoever has asked is held by then. */
async function untilHeld(path: string): Promise<void> {
  const last = await edge.connect([`GET ${path} HTTP/1.1`]);
  await edge.status('/version');
  last.resetAndDestroy();
}

describe.for(LAYOUTS)('in %s', (layout) => {
  beforeAll(async () => {
    edge = await EdgeAlone.start(STREAM, layout);
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  test('those whose connection is reset while they are held are none', async () => {
    const [path = ''] = edge.segmentPaths(STREAM);
    const leaving = await Promise.all(Array.from({ length: 20 }, () => edge.connect([`GET ${path} HTTP/1.1`])));
    await untilHeld(path);
    const staying = edge.watch(path);
    await untilHeld(path);
    for (const socket of leaving) socket.resetAndDestroy();
    await untilHeld(path);
    const put = await edge.put(path, 'agent-1');
    put.chunk('one ');
    put.end();
    expect(await put.status()).toBe(201);
    expect(Number(put.header(VIEWERS_HEADER))).toBeLessThan(5);
    expect(await (await staying).whole()).toBe('one ');
  });

  test.for(['closed', 'reset'] as const)('spares whose connection is %s take no turn from others', async (way) => {
    const path = edge.segmentPaths(STREAM)[way === 'closed' ? 1 : 2] ?? '';
    const first = await edge.put(path, 'agent-1');
    first.chunk('one ');
    await (await edge.watch(path)).receives('one ');
    for (let run = 0; run < 6; run += 1) {
      const spare = await edge.put(path, `agent-2-${run}`);
      spare.chunk('two ');
      await edge.status('/version');
      if (way === 'closed') spare.socket.destroy();
      else spare.socket.resetAndDestroy();
      await edge.status('/version');
    }
    const last = await edge.put(path, 'agent-2');
    last.chunk('two ');
    last.end();
    await edge.status('/version');
    first.end();
    expect([await first.status(), await last.status()]).toEqual([201, 409]);
  });
});

describe('one who asks and leaves on fifty connections, over and over', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    edge = await EdgeAlone.start(STREAM);
  });
  afterAll(() => edge[Symbol.asyncDispose]());

  /** Closes the connection behind the question: nobody can tell that from having nothing more to ask. */
  async function askAndLeave(path: string): Promise<void> {
    const socket = connect(Number(edge.url.port), '127.0.0.1').on('error', () => {});
    socket.end(`GET ${path} HTTP/1.1\r\nHost: edge\r\nAuthorization: ${edge.authorization}\r\n\r\n`);
    await once(socket, 'finish');
    socket.destroy();
  }

  test('keeps nobody out', async () => {
    const [path = ''] = edge.segmentPaths(STREAM);
    let left = MANY;
    const attack = async (): Promise<void> => {
      while (left-- > 0) await askAndLeave(path);
    };
    await Promise.all(Array.from({ length: 50 }, attack));
    await untilHeld(path);
    const others = Array.from({ length: 10 }, () => edge.watch(path));
    await untilHeld(path);
    const put = await edge.put(path, 'agent-1');
    put.chunk('one ');
    put.end();
    expect(await put.status()).toBe(201);
    for (const viewer of [...others, edge.watch(path)]) expect(await (await viewer).whole()).toBe('one ');
  });
});
