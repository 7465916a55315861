/** How long a segment stays in an object that nobody calls: in real workerd, which forgets what is idle for ten seconds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { PutAnswer, PutTerms } from '../../worker/segment/put.ts';
import { DEFAULT_PATIENCE } from '../../worker/segment/state.ts';
import { TEST_SECRET } from '../secret.ts';

/** After which workerd, as Cloudflare, forgets an object. */
const IDLE_MS = 10_000;
const LONG = milliseconds(IDLE_MS + 4000);
const SHORT = milliseconds(1000);

/** Calls objects of segments as the Worker does, by what it is told in JSON. (Calls from Node would keep the object.) */
const CALLER = `export default {
  async fetch(request, { SEGMENT }) {
    const { name, terms } = JSON.parse(request.headers.get('call'));
    const object = SEGMENT.getByName(name);
    return terms === undefined ? object.fetch('https://segment/') : Response.json(await object.put(request.body, terms));
  },
}`;

let edge: Miniflare;
let url: URL;
let storage: string;
beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), 'fast-ll-test-'));
  const options = miniflareOptions({
    ...{ host: '127.0.0.1', port: 0, https: undefined, storage },
    bindings: { FASTLL_SECRET: TEST_SECRET },
    onError: () => {},
  });
  const [worker] = options.workers as [(typeof options.workers)[number]];
  const modules = { 'caller.js': { type: 'esm', contents: CALLER } } as const;
  const manifest = { mainModule: 'caller.js', modulesRoot: '/', modules };
  const caller = { ...worker, config: { ...worker.config, name: 'caller', exports: {}, manifest } };
  edge = new Miniflare({ ...options, workers: [caller, worker] });
  url = await edge.unsafeGetDirectURL('caller');
});
afterAll(async () => {
  await edge.dispose();
  await rm(storage, { recursive: true });
});

const segmentOf = (name: string) => ({
  /** @returns why it was refused, if it was */
  put: async (writer: string, window: Milliseconds): Promise<string | undefined> => {
    const terms: PutTerms = { writer, precedence: 'first wins', window, patience: DEFAULT_PATIENCE };
    const headers = { call: JSON.stringify({ name, terms }) };
    const answer = await fetch(url, { method: 'PUT', headers, body: 'one two three' });
    return ((await answer.json()) as PutAnswer).problem?.kind;
  },
  get: async (): Promise<string | number> => {
    const answer = await fetch(url, { headers: { call: JSON.stringify({ name }) } });
    return answer.status === 200 ? answer.text() : answer.status;
  },
});

describe.concurrent('a complete segment that nobody asks for', () => {
  test('is there for its whole window, and gone after it', async () => {
    const segment = segmentOf('cam/0/1');
    expect(await segment.put('agent-1', LONG)).toBe(undefined);
    await sleep(IDLE_MS + 2000);
    expect(await segment.get()).toBe('one two three');
    await sleep(LONG - IDLE_MS - 2000);
    expect(await segment.get()).toBe(404);
  });

  test('is no reason to keep its object after it', async () => {
    const segment = segmentOf('cam/0/2');
    expect(await segment.put('agent-1', SHORT)).toBe(undefined);
    await sleep(SHORT + 100);
    // It remembers that there was one, for as long as it is there.
    expect(await segment.put('agent-2', SHORT)).toBe('another encoder writes this segment');
    await sleep(SHORT + IDLE_MS + 1000);
    expect(await segment.put('agent-2', SHORT)).toBe(undefined);
  });
});
