/**
 * The cached entrypoint: what viewers share is asked through it (`FAN_OUT` is `cache`). workerd has no cache to put in
 * front of it, so each call runs it; what is tested is what such a cache would see, and that no viewer notices.
 */
import { createExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import { FAN_OUT_HEADER } from '../../protocol/probe.ts';
import { parseMediaObject, parseStreamAddress } from '../../protocol/paths.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';
import type { Env } from '../../worker/env.ts';
import { routes } from '../../worker/routes.ts';
import { shieldRequest, type Question } from '../../worker/shield/question.ts';
import {
  anything,
  ask,
  bearer,
  DESCRIPTION,
  dueSegment,
  EDGE,
  exists,
  initSegment,
  liveStream,
  newName,
  numberNow,
  pending,
  placeOf,
  pushedStream,
  Put,
  putWhole,
  token,
  untilExists,
  Viewer,
  watching,
} from './support.ts';

/** What passed between the default entrypoint and the cached one. */
interface Passage {
  readonly request: Request;
  readonly response: Response;
}

/**
 * Asks an edge that shares its answers, and listens at the place where the platform's cache is: to what the viewer asked
 * for, and to the questions how the stream is.
 */
async function askShared(
  path: string,
  init: RequestInit = { headers: watching },
  variables: Partial<Env> = {},
): Promise<{ response: Response; passages: Passage[]; snapshots: Passage[] }> {
  const passages: Passage[] = [];
  const snapshots: Passage[] = [];
  const Shield = {
    fetch: async (request: Request): Promise<Response> => {
      const response = await exports.Shield.fetch(request.clone());
      (request.url.endsWith('/snapshot') ? snapshots : passages).push({ request, response });
      return response;
    },
  };
  const context = createExecutionContext();
  Object.defineProperty(context, 'exports', { value: { Shield } });
  const request = new Request(new URL(path, EDGE), init);
  const response = await routes.fetch(request, { ...env, FAN_OUT: 'cache', ...variables }, context);
  return { response, passages, snapshots };
}

/** The key of the only question that a request came to: all that the platform's cache tells questions apart by. */
async function keyOf(path: string, init?: RequestInit): Promise<string> {
  const { response, passages } = await askShared(path, init);
  await response.body?.cancel();
  expect(passages).toHaveLength(1);
  const { pathname, search } = new URL(passages[0]!.request.url);
  return pathname + search;
}

/** But for the time, which goes on. */
const headersOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name !== 'date'));

describe('what is asked', () => {
  test('is the same for everyone who asks for one segment', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ');
    const [stream = '', file = ''] = path.slice(1).split('/');
    const key = await keyOf(path);
    expect(key).toBe(path);
    const jwt = await token('play', '*');
    for (const [same, headers] of [
      [`/${stream}/${file}?token=${jwt}`, {}],
      [`/${stream}-alice/${file}`, watching],
      [`/${stream}-bob/${file}?token=${jwt}&CMCD=br%3D500`, {}],
      [`/${stream}/${file.replace('-stream0-', '-stream0-000')}`, bearer(await token('publish', '*'))],
      [path, { ...watching, cookie: 'a=b', 'user-agent': 'other', accept: 'video/*', 'x-forwarded-host': 'evil' }],
    ] as const) {
      expect(await keyOf(same, { headers }), same).toBe(key);
    }
  });

  test('is another thing for another number, representation or stream', async () => {
    const { name } = await liveStream();
    const { name: other } = await liveStream();
    const paths = [
      placeOf(name, numberNow()).path,
      placeOf(name, numberNow() - 1).path,
      placeOf(name, numberNow(), '1').path,
      placeOf(other, numberNow()).path,
    ];
    for (const path of paths) await putWhole(path, 'one ');
    const keys = await Promise.all(paths.map((path) => keyOf(path)));
    expect(new Set(keys).size).toBe(paths.length);
  });

  test('of a stream whose quality the edge picks, is what is served and not what was asked for', async () => {
    const { name } = await liveStream({ serverSideRepresentationSwitching: true });
    const [low, high] = [placeOf(name, numberNow(), '0').path, placeOf(name, numberNow(), '1').path];
    for (const path of [low, high]) await putWhole(path, 'one ');
    expect(await keyOf(low)).toBe(await keyOf(high));
  });

  test('tells nothing of who asks', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ');
    const jwt = await token('play', '*');
    for (const [asked, headers] of [
      [path, bearer(jwt)],
      [`${path}?token=${jwt}`, { cookie: 'session=secret' }],
    ] as const) {
      const { passages } = await askShared(asked, { headers });
      const [{ request }] = passages as [Passage];
      expect(request.method).toBe('GET');
      const terms = ['x-shield-keep-s', 'x-shield-next-is-made', 'x-shield-until-ms'];
      expect(terms).toEqual(expect.arrayContaining([...request.headers.keys()]));
      expect(request.url + JSON.stringify([...request.headers])).not.toContain(jwt);
    }
  });

  test('is nothing, by one who may not have it, or for what cannot be', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ');
    const { name } = await liveStream();
    const refused: [status: number, path: string, headers: Record<string, string>][] = [
      [401, path, {}],
      [401, `${path}?token=garbage`, {}],
      [403, path, bearer(await token('play', newName()))],
      [404, placeOf(name, 1).path, watching],
      [404, placeOf(name, numberNow() + 400).path, watching],
      [404, placeOf(name, numberNow(), '7').path, watching],
      [404, placeOf(newName(), numberNow()).path, watching],
    ];
    for (const [status, asked, headers] of refused) {
      const { response, passages } = await askShared(asked, { headers });
      expect(response.status, asked).toBe(status);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(passages).toEqual([]);
    }
  });
});

describe('an answer', () => {
  test('to the viewer is what it would be straight from the object', async () => {
    const { name } = await liveStream();
    await ask(`/${name}/init-stream0.m4s`, { method: 'PUT', headers: anything, body: initSegment(3) });
    const receiving = placeOf(name, numberNow()).path;
    const put = new Put(receiving);
    await put.write('one ');
    const complete = placeOf(name, numberNow() - 1).path;
    await putWhole(complete, 'one two ', 'agent-1');
    const pushed = `/${await pushedStream()}/chunk-stream0-5.m4s`;
    await putWhole(pushed, 'one ');
    const etag = (await ask(complete, { headers: watching })).headers.get('etag') ?? '';
    for (const [path, init] of [
      [receiving, {}],
      [complete, {}],
      [complete, { headers: { range: 'bytes=0-2' } }],
      [complete, { headers: { range: 'bytes=99-' } }],
      [complete, { headers: { 'if-none-match': etag } }],
      [complete, { method: 'HEAD' }],
      [receiving, { method: 'HEAD' }],
      [pushed, {}],
      [`/${name}/init-stream0.m4s`, {}],
      [`/${name}/init-stream0.m4s`, { method: 'HEAD' }],
      [`/${name}/manifest.mpd?token=${await token('play', name)}`, {}],
      [`/${name}/manifest.mpd`, { method: 'HEAD' }],
      [placeOf(name, numberNow() - 2).path, {}],
    ] as [string, { method?: string; headers?: Record<string, string> }][]) {
      const whole = { ...init, headers: { ...watching, ...init.headers } };
      const [direct, { response }] = [await ask(path, whole), await askShared(path, whole)];
      expect([response.status, headersOf(response)], path).toEqual([direct.status, headersOf(direct)]);
      if (path === receiving) await Promise.all([direct.body?.cancel(), response.body?.cancel()]);
      else expect(await response.bytes()).toEqual(await direct.bytes());
    }
    await put.end();
  });

  test('is shared from its first byte on, as long as the segment can be asked for', async () => {
    const { name } = await liveStream({ segmentDuration: 60, timeShift: 120 });
    const { path } = placeOf(name, numberNow());
    const put = new Put(path);
    await put.write('one ');
    const { response, passages } = await askShared(path);
    const viewer = new Viewer(response);
    await viewer.receives('one ');
    const { headers } = passages[0]!.response;
    expect(headers.get('cache-control')).toBe('public, s-maxage=180, no-transform');
    expect(headers.has('set-cookie') || headers.has('vary')).toBe(false);
    await put.write('two ');
    await viewer.receives('one two ');
    await put.end();
    expect(await viewer.whole()).toBe('one two ');
  });

  test('that others may replace is shared for a segment’s time', async () => {
    const name = await pushedStream();
    await ask(`/${name}/manifest.mpd`, {
      method: 'PUT',
      headers: anything,
      body: '<MPD maxSegmentDuration="PT2S"></MPD>',
    });
    await putWhole(`/${name}/chunk-stream0-5.m4s`, 'one ');
    const { passages } = await askShared(`/${name}/chunk-stream0-5.m4s`);
    expect(passages[0]!.response.headers.get('cache-control')).toBe('public, s-maxage=2, no-transform');
  });

  test('about what can change at any time is shared for a second', async () => {
    const { name } = await liveStream();
    await ask(`/${name}/init-stream0.m4s`, { method: 'PUT', headers: anything, body: initSegment() });
    for (const file of ['manifest.mpd', 'init-stream0.m4s']) {
      const { passages } = await askShared(`/${name}/${file}`);
      expect(passages[0]!.response.headers.get('cache-control')).toBe('public, s-maxage=1, no-transform');
    }
  });

  test('that there is none is shared with nobody', async () => {
    const { path } = await dueSegment();
    const variables = { WAIT_FOR_ABSENT_SEGMENT: 'false' };
    const { response, passages } = await askShared(path, { headers: watching }, variables);
    expect(response.status).toBe(404);
    expect(passages[0]!.response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('that breaks off looks complete to nobody, whoever keeps it', async () => {
    const { path } = await dueSegment();
    const put = new Put(path, 'agent-1');
    await put.write('one ');
    const { response } = await askShared(path);
    const viewer = new Viewer(response);
    await viewer.receives('one ');
    await putWhole(path, 'other bytes', 'agent-1');
    await expect(viewer.whole()).rejects.toThrow('the PUT was different');
    await put.end();
  });

  test('that everyone shares holds each one’s own token', async () => {
    const { name } = await liveStream();
    const [alice, bob] = [await token('play', name), await token('play', '*')];
    const asked = await Promise.all([alice, bob].map((jwt) => askShared(`/${name}/manifest.mpd?token=${jwt}`, {})));
    const [first, second] = asked as [(typeof asked)[0], (typeof asked)[0]];
    expect(await first.response.text()).toContain(alice);
    expect(await second.response.text()).not.toContain(alice);
    const sources = await Promise.all(asked.map(({ passages }) => exports.Shield.fetch(passages[0]!.request)));
    for (const source of sources) expect(await source.text()).not.toMatch(/token/i);
  });
});

describe('a probe', () => {
  const probe = (): string => `/${newName()}/chunk-stream999-1.m4s`;

  test('goes the way of viewers only where that is asked for, and tells which way that is', async () => {
    const path = probe();
    expect((await ask(path, { method: 'PUT', headers: anything, body: 'one ' })).status).toBe(201);
    for (const [query, passed] of [
      ['', 0],
      ['?shared', 1],
    ] as const) {
      const { response, passages } = await askShared(path + query, { headers: anything });
      expect([response.status, await response.text(), passages.length], query).toEqual([200, 'one ', passed]);
      expect(response.headers.get(FAN_OUT_HEADER)).toBe('cache');
      const direct = await ask(path + query, { headers: anything });
      expect([await direct.text(), direct.headers.get(FAN_OUT_HEADER)]).toEqual(['one ', 'direct']);
    }
  });
});

describe('how a stream is', () => {
  const absent = { WAIT_FOR_ABSENT_SEGMENT: 'false' };

  test('is asked through it too, and shared for a second', async () => {
    const { name } = await liveStream();
    const { response, snapshots } = await askShared(placeOf(name, numberNow()).path, undefined, absent);
    expect(response.status).toBe(404);
    const [{ request, response: answer }] = snapshots as [Passage];
    expect(new URL(request.url).pathname).toBe(`/${name}/snapshot`);
    expect([...request.headers.keys()]).toEqual(['x-shield-keep-s', 'x-shield-until-ms']);
    expect(answer.headers.get('cache-control')).toBe('public, s-maxage=1, no-transform');
  });

  test('is asked once, and kept', async () => {
    const { path } = await dueSegment();
    const first = await askShared(path, undefined, absent);
    const second = await askShared(path, undefined, absent);
    expect([first, second].map(({ snapshots }) => snapshots.length)).toEqual([1, 0]);
  });

  test('is shared with nobody before it is announced', async () => {
    const { snapshots } = await askShared(`/${newName()}/manifest.mpd`);
    const [{ response }] = snapshots as [Passage];
    expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
  });
});

describe('one who comes first', () => {
  test('is held until the PUT opens, and gets each fragment as it is made', async () => {
    const { path, object } = await dueSegment();
    const early = askShared(path);
    await untilExists(object);
    expect(await pending(early)).toBe(true);
    const put = new Put(path);
    const { response } = await early;
    const viewer = new Viewer(response);
    await put.write('one ');
    await viewer.receives('one ');
    await put.end();
    expect(await viewer.whole()).toBe('one ');
  });

  test('is let go when the segment’s time is over, and so is one who queued behind it', async () => {
    const { path, object } = await dueSegment();
    const { stream, object: segment } = placed(path);
    const late = (ms: number): Request =>
      shieldRequest({
        stream,
        object: segment,
        terms: { until: milliseconds(Date.now() + ms), keep: seconds(60) },
      });
    const held = exports.Shield.fetch(late(200));
    await untilExists(object);
    expect(await pending(held)).toBe(true);
    // The platform runs this one when the first has turned out to be nothing to share: its time is over by then.
    expect((await exports.Shield.fetch(late(-1))).status).toBe(404);
    expect((await held).status).toBe(404);
  });
});

function placed(path: string): Pick<Question, 'stream' | 'object'> {
  const [, address = '', file = ''] = path.split('/');
  return { stream: parseStreamAddress(address)!.stream, object: parseMediaObject(file)! };
}

test('parts, heads and questions whether it has changed go straight to the object', async () => {
  const { path } = await dueSegment();
  await putWhole(path, 'abcdef');
  for (const init of [
    { headers: { ...watching, range: 'bytes=0-2' } },
    { headers: { ...watching, 'if-none-match': '"x"' } },
    { headers: watching, method: 'HEAD' },
  ]) {
    expect((await askShared(path, init)).passages).toEqual([]);
  }
});

test('an edge that fans out directly asks nothing through it', async () => {
  const { path } = await dueSegment();
  await putWhole(path, 'abcdef');
  expect((await askShared(path, { headers: watching }, { FAN_OUT: 'direct' })).passages).toEqual([]);
});

test('the agent learns that somebody watches', async () => {
  const { path } = await dueSegment();
  const put = new Put(path);
  await put.write('one ');
  const { response } = await askShared(path);
  expect(Number((await put.end()).headers.get(VIEWERS_HEADER))).toBe(1);
  expect(await response.text()).toBe('one ');
});

test('what asks it otherwise gets nothing, and makes no object', async () => {
  const { name } = await liveStream();
  const { object } = placeOf(name, numberNow());
  for (const path of ['/', `/${name}`, `/${name}/`, `/${name}/0/17`, `/${name}/player.html`, '/api/streams']) {
    const response = await exports.Shield.fetch(new Request(`https://shield${path}`));
    expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
  }
  expect(await exists(object)).toBe(false);
});

test('a GET that is held for what is made on demand tells so, through the cache as well', async () => {
  const [track] = DESCRIPTION.tracks;
  const representations = track!.representations.map((each) => ({ ...each, onDemand: each.id === '1' }));
  const { name, agent } = await liveStream({ tracks: [{ kind: 'video', representations }] });
  const { path } = placeOf(name, Math.floor(Date.now() / 1000 / DESCRIPTION.segmentDuration), '1');
  const held = askShared(path);
  await agent.hears();
  expect(await agent.heard()).toEqual([{ type: 'wanted', representation: '1' }]);
  await putWhole(path, 'one ');
  const { response, passages } = await held;
  expect(await response.text()).toBe('one ');
  expect(passages).toHaveLength(1);
});
