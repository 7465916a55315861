/**
 * Random and mutated requests: no error of the edge, nothing for those who may not, no object that nobody vouched for.
 * FASTLL_LONG=1 sends 100,000 of them; FASTLL_SEED=… others.
 */
import { listDurableObjectIds } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { isStreamName, type StreamName } from '../../protocol/names.ts';
import { parseMediaObject } from '../../protocol/paths.ts';
import { routes } from '../../worker/routes.ts';
import type { FuzzAmount } from '../fuzz/amount.ts';
import { TEST_SECRET } from '../secret.ts';
import { fuzzedRequest, STREAMS, type Bearer, type FuzzedRequest } from './fuzzed-request.ts';
import {
  Agent,
  anything,
  ask,
  DESCRIPTION,
  EDGE,
  initSegment,
  numberNow,
  placeOf,
  putWhole,
  streamOf,
  token,
  untilState,
} from './support.ts';

const { requests: numRuns, seed }: FuzzAmount = inject('fuzz');
/** By how far a number may be off and still be possible: the window is two segments, and the clock moves on. */
const POSSIBLE = 5;

const bearers: readonly Bearer[] = await Promise.all(
  [
    { scope: 'play', stream: STREAMS.closed },
    { scope: 'play', stream: 'fuzz_nobody' },
    { scope: 'play', stream: '*' },
    { scope: 'publish', stream: STREAMS.closed },
    { scope: 'publish', stream: STREAMS.open },
    { scope: 'publish', stream: STREAMS.pushed },
    { scope: 'publish', stream: '*' },
    { scope: 'publish', stream: '*' },
  ].map(async ({ scope, stream }) => ({
    scope: scope as Bearer['scope'],
    stream,
    jwt: await token(scope as Bearer['scope'], stream as StreamName | '*'),
  })),
);

const agents: Agent[] = [];
const realTimeout = setTimeout;
/** Nobody is held for longer; segments live longer. */
const LONGEST_HOLD_MS = 15_000;

beforeAll(async () => {
  for (const name of Object.values(STREAMS)) await setUp(name);
  // Whatever is held is held for a moment only.
  vi.stubGlobal('scheduler', { wait: () => Promise.resolve() });
  vi.stubGlobal('setTimeout', (callback: () => void, ms = 0) =>
    realTimeout(callback, ms > LONGEST_HOLD_MS ? ms : Math.min(ms, 1)),
  );
});
afterAll(() => {
  vi.unstubAllGlobals();
  for (const agent of agents) agent.close();
});

async function setUp(name: string): Promise<void> {
  const put = (file: string, body: BodyInit): Promise<Response> =>
    ask(`/${name}/${file}`, { method: 'PUT', headers: anything, body });
  if (name === STREAMS.pushed) await put('manifest.mpd', '<MPD maxSegmentDuration="PT60S"></MPD>');
  else {
    const agent = await Agent.connect(name as StreamName);
    agents.push(agent);
    agent.announce({ ...DESCRIPTION, public: name === STREAMS.open, saveStats: true, definition: '{"a":1}' });
    agent.say('live');
    await untilState(name as StreamName, 'live');
  }
  await put('init-stream0.m4s', initSegment());
  await put('init-stream1.m4s', initSegment());
  await putWhole(placeOf(name as StreamName, numberNow()).path, 'one two ', 'agent-1');
}

/** What a URL asks for, read without the Worker's router. */
interface Asked {
  readonly stream: StreamName | undefined;
  readonly segment: string | undefined;
  readonly what: 'public' | 'play' | 'publish' | 'nothing';
}

function asked(method: string, url: URL, open: boolean): Asked {
  const parts = url.pathname.split('/').slice(1).map(plain);
  const [first = '', second, third, fourth] = parts;
  const reading = method === 'GET' || method === 'HEAD';
  const nothing: Asked = { stream: undefined, segment: undefined, what: 'nothing' };
  if (method === 'OPTIONS') return { ...nothing, what: 'public' };
  if (first === 'assets' && parts.length === 2) return { ...nothing, what: reading ? 'public' : 'nothing' };
  if (first === 'api' && second === 'streams') {
    if (third === undefined) return { ...nothing, what: reading ? 'public' : 'nothing' };
    if (!isStreamName(third)) return nothing;
    const ofOwner = fourth === 'stats' && open && reading ? 'public' : 'publish';
    return { stream: third, segment: undefined, what: fourth === undefined ? 'play' : ofOwner };
  }
  if (first === 'ssss') {
    return second !== undefined && isStreamName(second)
      ? { stream: second, segment: undefined, what: open ? 'public' : 'publish' }
      : nothing;
  }
  const name = first.split('-', 1)[0] ?? '';
  if (second === undefined || second === '') return { ...nothing, what: reading ? 'public' : 'nothing' };
  const object = parseMediaObject(second);
  if (!isStreamName(name) || object === undefined || parts.length > 2) return nothing;
  const segment = object.kind === 'segment' ? `${name}/${object.representation}/${object.number}` : undefined;
  const isProbe = object.kind === 'segment' && object.representation === '999';
  return { stream: name, segment, what: reading && !isProbe ? 'play' : 'publish' };
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mayAsk({ what, stream }: Asked, bearer: Bearer | undefined, open: boolean): boolean {
  if (what === 'nothing') return false;
  if (what === 'public' || (what === 'play' && (open || stream === STREAMS.open))) return true;
  if (bearer === undefined || (bearer.stream !== '*' && bearer.stream !== stream)) return false;
  return bearer.scope === 'publish' || what === 'play';
}

/** Objects that somebody who may has asked for. */
const tried = new Map<string, string>();
const vouched = { streams: new Set<string>(Object.values(STREAMS)), segments: new Set<string>() };

function vouch(method: string, { stream, segment, what }: Asked, bearer: Bearer | undefined, open: boolean): void {
  if (stream === undefined || !mayAsk({ stream, segment, what }, bearer, open)) return;
  if (bearer !== undefined && (bearer.stream === '*' || bearer.stream === stream)) vouched.streams.add(stream);
  const [, representation = '', digits = ''] = segment?.split('/') ?? [];
  if (segment === undefined) return;
  const number = Number(digits);
  const known = (Object.values(STREAMS) as string[]).includes(stream);
  const announced = known && stream !== STREAMS.pushed && representation !== '999';
  // Who may publish may delete what is not there.
  if (announced && method !== 'DELETE' && Math.abs(number - numberNow()) > POSSIBLE) return;
  if (what === 'play' && !vouched.streams.has(stream)) return;
  // With one the next is made, and those of two seconds more: here segments are no shorter than that.
  for (const one of [number, number + 1, number + 2]) vouched.segments.add(`${stream}/${representation}/${one}`);
}

const ids = async (of: DurableObjectNamespace): Promise<Set<string>> =>
  new Set((await listDurableObjectIds(of)).map(String));

/** @returns the request; undefined where there is no such one */
function made({ method, target, headers, body }: FuzzedRequest): Request | undefined {
  const url = URL.parse(target, EDGE);
  if (url === null || url.origin !== EDGE) return undefined;
  try {
    const init: RequestInit = {
      method,
      headers: new Headers(headers.map(([name, value]) => [name, value])),
      redirect: 'manual',
    };
    if (body !== undefined) init.body = body;
    return new Request(url, init);
  } catch {
    return undefined;
  }
}

/** What went wrong behind an answer's back. */
const failures: unknown[] = [];
const context = {
  waitUntil(promise: Promise<unknown>) {
    promise.catch((error: unknown) => failures.push(error));
  },
  passThroughOnException() {},
} as ExecutionContext;
const counts = new Map<string, number>();

test(`${numRuns} requests, by seed ${seed}`, { timeout: 900_000 }, async () => {
  const before = {
    streams: await ids(env.STREAM),
    segments: await ids(env.SEGMENT),
    directories: await ids(env.DIRECTORY),
  };
  await fc.assert(
    fc.asyncProperty(fuzzedRequest(bearers), fc.nat({ max: 3 }), async (fuzzed, dice) => {
      const request = made(fuzzed);
      fc.pre(request !== undefined);
      const open = dice === 0;
      const url = new URL(request.url);
      const wanted = asked(request.method, url, open);
      vouch(request.method, wanted, fuzzed.bearer, open);
      const what = `${request.method} ${url.pathname}${fuzzed.bearer === undefined ? '' : ` with a token to ${fuzzed.bearer.scope} ${fuzzed.bearer.stream}`}`;
      if (wanted.stream !== undefined) tried.set(env.STREAM.idFromName(wanted.stream).toString(), what);
      if (wanted.segment !== undefined) tried.set(env.SEGMENT.idFromName(wanted.segment).toString(), what);

      const variables = { ...env, PLAYBACK: open ? 'open' : 'token', WAIT_FOR_ABSENT_SEGMENT: 'false' };
      const response = await routes.fetch(request, variables, context);
      response.webSocket?.accept();
      response.webSocket?.close();
      const text = new TextDecoder().decode(await response.bytes());
      const { status } = response;
      counts.set(`${status}`, (counts.get(`${status}`) ?? 0) + 1);

      expect([...response.headers.keys()]).not.toContain('set-cookie');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      if (status < 400) {
        expect(mayAsk(wanted, fuzzed.bearer, open), `${status} for ${JSON.stringify(wanted)}`).toBe(true);
        // Nobody is sent away from here.
        expect(new URL(response.headers.get('location') ?? '/', request.url).origin).toBe(new URL(request.url).origin);
      } else {
        if (status >= 500) expect(status, text).toBe(503);
        const said = text + JSON.stringify([...response.headers]);
        for (const { jwt } of bearers) expect(said).not.toContain(jwt);
        expect(said).not.toContain(TEST_SECRET);
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(response.headers.get('content-type')).toBe('application/json');
        if (request.method !== 'HEAD') expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
      }
      if (status === 204 && request.method === 'DELETE' && url.pathname.endsWith('.mpd')) await restore();
    }),
    { seed, numRuns, ignoreEqualValues: false },
  );
  expect(failures).toEqual([]);
  // Not one kind of answer alone.
  for (const status of [101, 200, 201, 204, 206, 302, 400, 401, 403, 404, 405, 414, 426]) {
    expect([...counts.keys()]).toContain(String(status));
  }
  console.log(Object.fromEntries(counts));

  const grown = async (of: DurableObjectNamespace, was: Set<string>, allowed: Iterable<string>): Promise<string[]> => {
    const may = new Set([...allowed].map((name) => of.idFromName(name).toString()));
    return [...(await ids(of))].filter((id) => !was.has(id) && !may.has(id)).map((id) => tried.get(id) ?? id);
  };
  expect(await grown(env.SEGMENT, before.segments, vouched.segments)).toEqual([]);
  expect(await grown(env.STREAM, before.streams, vouched.streams)).toEqual([]);
  expect(await grown(env.DIRECTORY, before.directories, [])).toEqual([]);
});

/** After a stream was removed by one who may. */
async function restore(): Promise<void> {
  for (const name of Object.values(STREAMS)) {
    const { kind } = await streamOf(name as StreamName).snapshot();
    if (kind === 'unknown') await setUp(name);
  }
}
