/** How long a segment stays in an object that nobody calls: in real workerd, which forgets what is idle for ten seconds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { getRequest, putRequest } from '../../worker/segment/request.ts';
import { TEST_SECRET } from '../secret.ts';

/** After which workerd, as Cloudflare, forgets an object. */
const IDLE_MS = 10_000;
const LONG = milliseconds(IDLE_MS + 4000);
const SHORT = milliseconds(1000);

let edge: Miniflare;
let storage: string;
beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), 'fast-ll-test-'));
  edge = new Miniflare(
    miniflareOptions({
      ...{ host: '127.0.0.1', port: 0, https: undefined, storage },
      bindings: { FASTLL_SECRET: TEST_SECRET },
      onError: () => {},
    }),
  );
  await edge.ready;
});
afterAll(async () => {
  await edge.dispose();
  await rm(storage, { recursive: true });
});

/** The object of a segment, as the Worker calls it. */
async function objectOf(name: string) {
  const namespace = await edge.getDurableObjectNamespace('SEGMENT');
  const object = namespace.get(namespace.idFromName(name));
  const headersOf = ({ headers }: Request): Record<string, string> => Object.fromEntries(headers);
  return {
    put: async (writer: string, window: Milliseconds): Promise<number> => {
      const request = putRequest(null, { writer, precedence: 'first wins', window });
      const options = { method: 'PUT', headers: headersOf(request), body: 'one two three' };
      return (await object.fetch('https://segment/', options)).status;
    },
    get: async (): Promise<string | number> => {
      const request = getRequest(new Request('https://edge/'), milliseconds(0));
      const answer = await object.fetch('https://segment/', { headers: headersOf(request) });
      return answer.status === 200 ? answer.text() : answer.status;
    },
  };
}

describe.concurrent('a complete segment that nobody asks for', () => {
  test('is there for its whole window, and gone after it', async () => {
    const segment = await objectOf('cam/0/1');
    expect(await segment.put('agent-1', LONG)).toBe(201);
    await sleep(IDLE_MS + 2000);
    expect(await segment.get()).toBe('one two three');
    await sleep(LONG - IDLE_MS - 2000);
    expect(await segment.get()).toBe(404);
  });

  test('is no reason to keep its object after it', async () => {
    const segment = await objectOf('cam/0/2');
    expect(await segment.put('agent-1', SHORT)).toBe(201);
    await sleep(SHORT + 100);
    // It remembers that there was one, for as long as it is there.
    expect(await segment.put('agent-2', SHORT)).toBe(409);
    await sleep(SHORT + IDLE_MS + 1000);
    expect(await segment.put('agent-2', SHORT)).toBe(201);
  });
});
