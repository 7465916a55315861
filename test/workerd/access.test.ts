/** Who may do what: every route with every kind of token, wrong methods, other sites, and paths made to mislead. */
import { listDurableObjectIds } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { sign } from 'hono/jwt';
import { beforeAll, describe, expect, test } from 'vitest';
import { WRITER_HEADER } from '../../protocol/headers.ts';
import type { StreamName } from '../../protocol/names.ts';
import { parseMediaObject, parseStreamAddress } from '../../protocol/paths.ts';
import { MAX_TOKEN_LENGTH, signToken } from '../../protocol/token.ts';
import type { Env } from '../../worker/env.ts';
import { routes as router } from '../../worker/routes.ts';
import { TEST_SECRET } from '../secret.ts';
import {
  anything,
  ask,
  askEdgeWith,
  bearer,
  EDGE,
  exists,
  initSegment,
  liveStream,
  newName,
  numberNow,
  placeOf,
  putWhole,
  token,
  watching,
} from './support.ts';

const number = numberNow();
let stream: StreamName;
let other: StreamName;
let open: StreamName;

beforeAll(async () => {
  ({ name: stream } = await described({}));
  ({ name: other } = await described({}));
  ({ name: open } = await described({ public: true }));
});

/** A stream of which everything is there. */
async function described(overrides: { public?: boolean }): Promise<{ name: StreamName }> {
  const { name } = await liveStream(overrides);
  await ask(`/${name}/init-stream0.m4s`, { method: 'PUT', headers: anything, body: initSegment() });
  await putWhole(placeOf(name, number).path, 'one ');
  return { name };
}

/** What the edge's secret was before. */
const SECRET_BEFORE = 'the secret that there was before';
const soon = Math.floor(Date.now() / 1000) + 10;
const later = Math.floor(Date.now() / 1000) + 3600;
const base64urlOf = (bytes: string): string =>
  btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const base64url = (value: unknown): string => base64urlOf(JSON.stringify(value));

/** Signed with HS256, whatever its header says. */
async function signedAs(header: Record<string, unknown>): Promise<string> {
  const text = `${base64url(header)}.${base64url({ sub: '*', scope: 'publish', exp: later })}`;
  const bytes = new TextEncoder();
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes.encode(TEST_SECRET), hmac, false, ['sign']);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes.encode(text)));
  return `${text}.${base64urlOf(String.fromCharCode(...signature))}`;
}

/** Tokens that are none. */
const WORTHLESS: Readonly<Record<string, () => string | Promise<string>>> = {
  garbage: () => 'garbage',
  'three parts of garbage': () => 'a.b.c',
  'an empty one': () => '',
  'one that has ended a minute ago': () =>
    sign({ sub: '*', scope: 'publish', exp: later - 3660 }, TEST_SECRET, 'HS256'),
  'one without an end': () => sign({ sub: '*', scope: 'publish' }, TEST_SECRET, 'HS256'),
  'one whose end is a word': () => sign({ sub: '*', scope: 'publish', exp: `${later}` as never }, TEST_SECRET, 'HS256'),
  'one that is not yet good': () =>
    sign({ sub: '*', scope: 'publish', exp: later, nbf: later - 60 }, TEST_SECRET, 'HS256'),
  'one of another secret': () => sign({ sub: '*', scope: 'publish', exp: later }, `${TEST_SECRET}!`, 'HS256'),
  'one signed with HS384': () => sign({ sub: '*', scope: 'publish', exp: later }, TEST_SECRET, 'HS384'),
  'one signed with HS512': () => sign({ sub: '*', scope: 'publish', exp: later }, TEST_SECRET, 'HS512'),
  'one that says RS256, signed with the secret as if it were the key': () => signedAs({ alg: 'RS256', typ: 'JWT' }),
  'one that says none, but is signed': () => signedAs({ alg: 'none', typ: 'JWT' }),
  'one with a header that must be understood': () => signedAs({ alg: 'HS256', typ: 'JWT', crit: ['x'], x: 1 }),
  'one of a secret that is too short': () => sign({ sub: '*', scope: 'publish', exp: later }, 'short', 'HS256'),
  'one that is too long': () =>
    sign({ sub: '*', scope: 'publish', exp: later, x: 'x'.repeat(MAX_TOKEN_LENGTH) }, TEST_SECRET, 'HS256'),
  'one signed with nothing': () =>
    `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url({ sub: '*', scope: 'publish', exp: later })}.`,
  'one with another signature': async () => `${await token('publish', '*')}x`,
  'one whose claims were exchanged': async () => {
    const [header, , signature] = (await token('play', stream)).split('.');
    return `${header}.${base64url({ sub: '*', scope: 'publish', exp: later })}.${signature}`;
  },
  'one for what there is no word for': () => sign({ sub: '*', scope: 'admin', exp: later }, TEST_SECRET, 'HS256'),
  'one for no stream': () => sign({ scope: 'publish', exp: later }, TEST_SECRET, 'HS256'),
};

/** Tokens that are genuine, and what they are good for. */
const GENUINE: Readonly<
  Record<string, { readonly make: () => Promise<string>; readonly play: boolean; readonly publish: boolean }>
> = {
  'to play it': { make: () => token('play', stream), play: true, publish: false },
  'to play another': { make: () => token('play', other), play: false, publish: false },
  'to play all': { make: () => token('play', '*'), play: true, publish: false },
  'to publish it': { make: () => token('publish', stream), play: true, publish: true },
  'to publish another': { make: () => token('publish', other), play: false, publish: false },
  'to publish all': { make: () => token('publish', '*'), play: true, publish: true },
  'to publish all, that ended a few seconds ago: clocks differ': {
    make: () => signToken({ sub: '*', scope: 'publish', exp: soon - 15 }, TEST_SECRET),
    play: true,
    publish: true,
  },
  'to publish all, that begins in a few seconds': {
    make: () => sign({ sub: '*', scope: 'publish', exp: later, nbf: soon, iat: soon }, TEST_SECRET, 'HS256'),
    play: true,
    publish: true,
  },
  'to publish all, by the secret before': {
    make: () => signToken({ sub: '*', scope: 'publish', exp: later }, SECRET_BEFORE),
    play: true,
    publish: true,
  },
  'to play it, by the secret before': {
    make: () => signToken({ sub: stream, scope: 'play', exp: later }, SECRET_BEFORE),
    play: true,
    publish: false,
  },
};

interface Route {
  readonly method: string;
  readonly path: (name: StreamName) => string;
  /** What one who may is answered. */
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: () => BodyInit;
}

const route = (method: string, file: string, status: number, rest: Partial<Route> = {}): Route => ({
  method,
  path: (name) => `/${name}/${file.replace('{now}', String(number))}`,
  status,
  ...rest,
});
const api = (path: string, status: number, rest: Partial<Route> = {}): Route => ({
  method: 'GET',
  path: (name) => path.replace('{stream}', name),
  status,
  ...rest,
});

const PLAY: readonly Route[] = [
  ...['GET', 'HEAD'].flatMap((method) => [
    route(method, 'manifest.mpd', 200),
    route(method, 'init-stream0.m4s', 200),
    route(method, 'chunk-stream0-{now}.m4s', 200),
  ]),
  api('/api/streams/{stream}', 200),
];

/** What anyone gets. */
const ANYONE: readonly Route[] = ['GET', 'HEAD'].flatMap((method) => [
  ...['/', '/version', '/isotime', '/assets/wall.js', '/{stream}/'].map((path) => api(path, 200, { method })),
  api('/{stream}', 302, { method }),
  api('/api/nothing', 404, { method }),
]);

/** What shows each what it may play: see «lists». */
const LISTS: readonly Route[] = ['/api/streams', '/conf'].map((path) => api(path, 200));

const WRITER = { [WRITER_HEADER]: 'agent-1' };
const PUBLISH: readonly Route[] = [
  ...['PUT', 'POST'].flatMap((method) => [
    // Its agent has announced it: nobody else's is taken.
    route(method, 'manifest.mpd', 409, { body: () => '<MPD></MPD>' }),
    route(method, 'init-stream0.m4s', 201, { body: () => initSegment() }),
    route(method, 'chunk-stream1-{now}.m4s', 201, { body: () => 'one ', headers: WRITER }),
  ]),
  route('DELETE', 'chunk-stream1-{now}.m4s', 204),
  route('DELETE', 'init-stream1.m4s', 204),
  ...['PUT', 'POST'].map((method) => route(method, 'chunk-stream999-1.m4s', 201, { body: () => 'probe' })),
  ...['GET', 'HEAD'].map((method) => route(method, 'chunk-stream999-1.m4s', 200)),
  api('/api/streams/{stream}/agent', 426),
  api('/api/streams/{stream}/stats', 200),
  api('/api/streams/{stream}/stats', 204, { method: 'DELETE' }),
  api('/ssss/{stream}/auto', 200),
];

/** A token where clients can put one. */
const CARRIERS: Readonly<Record<string, (jwt: string) => { query: string; headers: Record<string, string> }>> = {
  'as Bearer': (jwt) => ({ query: '', headers: bearer(jwt) }),
  'in the query': (jwt) => ({ query: `?token=${jwt}`, headers: {} }),
};

async function statusOf(path: string, { method, headers, body }: Partial<Route>, more = {}): Promise<number> {
  const init = { method, headers: { ...headers, ...more }, body: body?.(), redirect: 'manual' } as RequestInit;
  const response = await askEdgeWith({ FASTLL_SECRET_PREVIOUS: SECRET_BEFORE }, path, init);
  await response.body?.cancel();
  return response.status;
}

const titled = (routes: readonly Route[]): [string, Route][] =>
  routes.map((each) => [`${each.method} ${each.path('cam' as StreamName).replace(/\d{6,}/, 'n')}`, each]);

describe('to play', () => {
  test.for(titled(PLAY))('%s needs a token that may', async ([, each]) => {
    const path = each.path(stream);
    expect(await statusOf(path, each)).toBe(401);
    for (const [carrier, carry] of Object.entries(CARRIERS)) {
      for (const [kind, make] of Object.entries(WORTHLESS)) {
        const { query, headers } = carry(await make());
        expect(await statusOf(`${path}${query}`, each, headers), `${kind}, ${carrier}`).toBe(401);
      }
      for (const [kind, { make, play }] of Object.entries(GENUINE)) {
        const { query, headers } = carry(await make());
        expect(await statusOf(`${path}${query}`, each, headers), `${kind}, ${carrier}`).toBe(play ? each.status : 403);
      }
    }
  });

  test.for(titled(PLAY))('%s of a stream that its agent calls public needs none', async ([, each]) => {
    expect(await statusOf(each.path(open), each)).toBe(each.status);
    expect(await statusOf(each.path(open), each, bearer('garbage'))).toBe(each.status);
  });

  test('anything needs none where the edge is open', async () => {
    const response = await askEdgeWith({ PLAYBACK: 'open' }, `/${stream}/manifest.mpd`);
    expect(response.status).toBe(200);
    const { streams } = await (await askEdgeWith({ PLAYBACK: 'open' }, '/api/streams')).json<{ streams: unknown[] }>();
    expect(streams.length).toBeGreaterThanOrEqual(3);
  });
});

describe('to publish', () => {
  test.for(titled(PUBLISH))('%s needs a token that may', async ([, each]) => {
    const path = each.path(stream);
    expect(await statusOf(path, each)).toBe(401);
    for (const [carrier, carry] of Object.entries(CARRIERS)) {
      for (const [kind, make] of Object.entries(WORTHLESS)) {
        const { query, headers } = carry(await make());
        expect(await statusOf(`${path}${query}`, each, headers), `${kind}, ${carrier}`).toBe(401);
      }
      for (const [kind, { make, publish }] of Object.entries(GENUINE)) {
        const { query, headers } = carry(await make());
        const expected = publish ? each.status : 403;
        expect(await statusOf(`${path}${query}`, each, headers), `${kind}, ${carrier}`).toBe(expected);
      }
    }
  });

  test.for(titled(PUBLISH))('%s needs one of a public stream too', async ([, each]) => {
    expect(await statusOf(each.path(open), each)).toBe(401);
  });

  test('needs one where the edge is open, too', async () => {
    const init = { method: 'PUT', body: '<MPD/>' };
    expect((await askEdgeWith({ PLAYBACK: 'open' }, `/${stream}/manifest.mpd`, init)).status).toBe(401);
  });

  test('and remove a stream needs a token that may', async () => {
    const remove = async (name: StreamName, headers = {}): Promise<number> =>
      statusOf(`/${name}/manifest.mpd`, { method: 'DELETE' }, headers);
    expect(await remove(stream)).toBe(401);
    for (const [kind, make] of Object.entries(WORTHLESS)) {
      expect(await remove(stream, bearer(await make())), kind).toBe(401);
    }
    for (const [kind, { make, publish }] of Object.entries(GENUINE)) {
      if (!publish) expect(await remove(stream, bearer(await make())), kind).toBe(403);
    }
    const { name } = await described({});
    expect(await remove(name, bearer(await token('publish', name)))).toBe(204);
  });
});

describe('what anyone gets', () => {
  test.for(titled(ANYONE))('%s: whatever token is sent along', async ([, each]) => {
    const path = each.path(stream);
    expect(await statusOf(path, each)).toBe(each.status);
    for (const make of [...Object.values(WORTHLESS), ...Object.values(GENUINE).map((one) => one.make)]) {
      expect(await statusOf(`${path}?token=${await make()}`, each)).toBe(each.status);
    }
  });
});

test('a token in the header counts, whatever is in the query', async () => {
  const path = `/${stream}/manifest.mpd`;
  const genuine = await token('play', stream);
  expect(await statusOf(`${path}?token=garbage`, {}, bearer(genuine))).toBe(200);
  expect(await statusOf(`${path}?token=${genuine}`, {}, bearer('garbage'))).toBe(401);
  expect(await statusOf(`${path}?token=${genuine}`, {}, bearer(await token('play', other)))).toBe(403);
  // What is no bearer's is no token.
  expect(await statusOf(`${path}?token=${genuine}`, {}, { authorization: 'Basic dXNlcjpwYXNz' })).toBe(200);
  expect(await statusOf(`${path}?token=garbage&token=${genuine}`, {})).toBe(401);
});

test('there is no route but those whose access is tested here', () => {
  const rows = [...ANYONE, ...LISTS, ...PLAY, ...PUBLISH, route('DELETE', 'manifest.mpd', 204)];
  const untested = router.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
    .filter(({ method, path }) => {
      const pattern = new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+').replace('*', '.*')}$`);
      return !rows.some((row) => row.method === method && pattern.test(row.path(stream)));
    })
    .map(({ method, path }) => `${method} ${path}`);
  expect(untested).toEqual([]);
});

describe('the list of streams', () => {
  const listed = async (headers: Record<string, string>): Promise<string[]> => {
    const { streams } = await (await ask('/api/streams', { headers })).json<{ streams: { stream: string }[] }>();
    return streams.map((entry) => entry.stream).filter((name) => [stream, other, open].includes(name as StreamName));
  };

  test('shows each what it may play', async () => {
    expect(await listed({})).toEqual([open]);
    expect(await listed(bearer('garbage'))).toEqual([open]);
    expect((await listed(bearer(await token('play', stream)))).toSorted()).toEqual([stream, open].toSorted());
    expect((await listed(watching)).toSorted()).toEqual([stream, other, open].toSorted());
  });
});

test('a token that ended a few seconds ago is still good: clocks differ', async () => {
  const jwt = await signToken({ sub: stream, scope: 'play', exp: Math.floor(Date.now() / 1000) - 5 }, TEST_SECRET);
  expect((await ask(`/${stream}/manifest.mpd?token=${jwt}`)).status).toBe(200);
});

describe('when the secret is changed', () => {
  const exchanged = { FASTLL_SECRET: 'another secret than before', FASTLL_SECRET_PREVIOUS: TEST_SECRET };
  const play = async (secret: string, variables: Partial<typeof exchanged>): Promise<number> => {
    const jwt = await signToken({ sub: stream, scope: 'play', exp: later }, secret);
    return (await askEdgeWith(variables, `/${stream}/manifest.mpd?token=${jwt}`)).status;
  };

  test('tokens of the one before are good as long as the edge knows it', async () => {
    expect(await play(TEST_SECRET, exchanged)).toBe(200);
    expect(await play(exchanged.FASTLL_SECRET, exchanged)).toBe(200);
    expect(await play(TEST_SECRET, { FASTLL_SECRET: exchanged.FASTLL_SECRET })).toBe(401);
    expect(await play('a third secret altogether', exchanged)).toBe(401);
  });

  test('one before that is too short is none', async () => {
    expect(await play('short', { ...exchanged, FASTLL_SECRET_PREVIOUS: 'short' })).toBe(401);
  });
});

describe('an edge without a secret', () => {
  test.for([undefined, '', 'too short'])('of its own (%s) lets nobody in, and says what to do', async (secret) => {
    const variables = { FASTLL_SECRET: secret as string };
    for (const path of [`/${stream}/manifest.mpd`, '/api/streams']) {
      const response = await askEdgeWith(variables, path, { headers: anything });
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({ error: expect.stringContaining('wrangler secret put FASTLL_SECRET') });
    }
    expect((await askEdgeWith(variables, `/${open}/manifest.mpd`)).status).toBe(200);
  });
});

describe('methods', () => {
  const MEDIA = 'GET, HEAD, PUT, POST, DELETE';
  test.for<[path: string, wrong: string[], allowed: string]>([
    ['/cam/manifest.mpd', ['PATCH'], MEDIA],
    ['/cam/init-stream0.m4s', ['PATCH'], MEDIA],
    ['/cam/chunk-stream0-1.m4s', ['PATCH'], MEDIA],
    ['/', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/cam', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/cam/', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/version', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/isotime', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/conf', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/ssss/cam/0', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/api/streams', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/api/streams/cam', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/api/streams/cam/agent', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
    ['/api/streams/cam/stats', ['PUT', 'POST', 'PATCH'], 'GET, HEAD, DELETE'],
    ['/assets/player.js', ['PUT', 'POST', 'DELETE', 'PATCH'], 'GET, HEAD'],
  ])('of %s', async ([path, wrong, allowed]) => {
    for (const method of wrong) {
      const response = await ask(path, { method, headers: anything });
      expect(response.status, method).toBe(405);
      expect(response.headers.get('allow')).toBe(allowed);
      await response.body?.cancel();
    }
  });
});

describe('other sites', () => {
  const ORIGIN = { origin: 'https://player.example' };

  test('may ask for anything, and send what players and encoders send', async () => {
    for (const path of ['/cam/manifest.mpd', '/cam/chunk-stream0-1.m4s', '/api/streams', '/nothing/here/at/all']) {
      const response = await ask(path, {
        method: 'OPTIONS',
        headers: {
          ...ORIGIN,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization, cmcd-session, if-none-match, range, fastll-writer',
        },
      });
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET,HEAD,PUT,POST,DELETE',
        'access-control-allow-headers':
          'Authorization,Content-Type,Range,If-Range,If-None-Match,CMCD-Object,CMCD-Request,CMCD-Session,CMCD-Status,fastll-writer',
        'access-control-max-age': '86400',
      });
    }
  });

  test('may read every answer, errors too', async () => {
    const segment = placeOf(stream, number).path;
    const answers: [status: number, path: string, init?: RequestInit][] = [
      [200, segment, { headers: watching }],
      [206, segment, { headers: { ...watching, range: 'bytes=0-1' } }],
      [416, segment, { headers: { ...watching, range: 'bytes=99-' } }],
      [200, '/isotime'],
      [200, `/${open}/manifest.mpd`],
      [302, '/cam'],
      [400, `/${stream}/init-stream0.m4s`, { method: 'PUT', headers: anything, body: 'garbage' }],
      [401, segment],
      [403, segment, { headers: bearer(await token('play', other)) }],
      [404, '/nothing/here/at/all'],
      [404, placeOf(stream, 1).path, { headers: watching }],
      [405, segment, { method: 'PATCH' }],
      [426, `/api/streams/${stream}/agent`, { headers: anything }],
    ];
    for (const [status, path, init] of answers) {
      const response = await ask(path, {
        ...init,
        headers: { ...ORIGIN, ...(init?.headers as Record<string, string>) },
      });
      expect(response.status, path).toBe(status);
      expect(response.headers.get('access-control-allow-origin'), path).toBe('*');
      expect(response.headers.get('x-accel-buffering'), path).toBe('no');
      const exposed = response.headers.get('access-control-expose-headers');
      for (const name of ['Date', 'Content-Length', 'Content-Range', 'ETag']) expect(exposed).toContain(name);
      if (status >= 400) {
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(await response.json()).toEqual({ error: expect.any(String) });
      } else await response.body?.cancel();
    }
  });
});

describe('pages of other sites, at an edge near those who look', () => {
  const near = { PLAYBACK: 'open', ORIGINS: 'https://player.example http://192.168.1.9:3000' };
  const headersFor = async (path: string, origin: string, variables: Partial<Env>, init?: RequestInit) => {
    const response = await askEdgeWith(variables, path, { ...init, headers: { origin } });
    await response.body?.cancel();
    return response.headers;
  };
  const paths = ['/api/streams', '/conf', '/isotime', '/version', '/', '/nothing/here', '/assets/wall.js'];

  test('may not read what it answers, nor have their browser show it', async () => {
    for (const path of [...paths, `/${stream}/manifest.mpd`, placeOf(stream, number).path]) {
      for (const origin of ['https://evil.example', 'http://127.0.0.1:3000', 'null', 'https://player.example.evil']) {
        const headers = await headersFor(path, origin, near);
        expect(headers.get('access-control-allow-origin'), `${path}, ${origin}`).toBeNull();
        expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
        expect(headers.get('vary')).toContain('Origin');
      }
    }
  });

  test('may not ask to send more than a page may anyway', async () => {
    const preflight = { method: 'OPTIONS' };
    const headers = await headersFor(`/${stream}/manifest.mpd`, 'https://evil.example', near, preflight);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('may, if it names them', async () => {
    for (const origin of near.ORIGINS.split(' ')) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = await headersFor(`/${stream}/manifest.mpd`, origin, near, { method });
        expect(headers.get('access-control-allow-origin')).toBe(origin);
        expect(headers.get('vary')).toContain('Origin');
      }
    }
  });

  test('may, if it names all', async () => {
    const headers = await headersFor('/api/streams', 'https://any.example', { PLAYBACK: 'open', ORIGINS: '*' });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.has('cross-origin-resource-policy')).toBe(false);
  });
});

describe('an edge on loopback that lets everyone play', () => {
  const askAs = async (url: string, more: Partial<Env> = {}): Promise<Response> =>
    askEdgeWith({ PLAYBACK: 'open', ORIGINS: 'https://cams.example', DIRECT_PORT: '8000', ...more }, url);

  test.for([
    'http://127.0.0.1:8000',
    'http://127.1.2.3:8000',
    'http://[::1]:8000',
    'http://localhost:8000',
    'http://front.localhost:8000',
    'http://garage:8000',
    'http://LOCALHOST.:8000',
    // Of «origins».
    'http://cams.example:8000',
    // Through a proxy.
    'http://anything.example',
    'https://anything.example',
    'http://anything.example:80',
  ])('answers to %s', async (site) => {
    expect((await askAs(`${site}/api/streams`)).status).toBe(200);
  });

  test.for(['http://evil.example:8000', 'http://127.0.0.1.evil.example:8000', 'http://localhost.evil.example:8000'])(
    'does not answer to %s, which leads to it for a page of somebody else',
    async (site) => {
      for (const path of ['/', '/api/streams', `/${stream}/manifest.mpd`, '/nothing/here']) {
        const response = await askAs(`${site}${path}`);
        expect([response.status, response.headers.get('cache-control')]).toEqual([421, 'no-store']);
        const { error } = await response.json<{ error: string }>();
        expect(error).toContain(`put "${site}" into "origins"`);
      }
    },
  );

  test('knows its own port when that is what http stands for, and when it does not know it', async () => {
    expect((await askAs('http://evil.example/', { DIRECT_PORT: '80' })).status).toBe(421);
    expect((await askAs('http://evil.example:1234/', { DIRECT_PORT: 'any' })).status).toBe(421);
    expect((await askAs('http://127.0.0.1:1234/', { DIRECT_PORT: 'any' })).status).toBe(200);
  });
});

describe('a segment number that the clock rules out', () => {
  test.for<[what: string, number: number]>([
    ['long past', 1],
    ['out of the time-shift window', number - 5],
    // Beyond those that are made ahead of a PUT.
    ['too far ahead', number + 3],
    ['of the next century', number + 400_000_000],
    ['of no century', 999_999_999_999_999],
  ])('is none, and makes no object: %s', async ([, impossible]) => {
    const { path, object } = placeOf(stream, impossible);
    for (const method of ['GET', 'HEAD', 'PUT', 'POST']) {
      const body = method.startsWith('P') ? 'one ' : null;
      const response = await ask(path, { method, headers: anything, body });
      expect(response.status, method).toBe(404);
      expect(response.headers.get('cache-control')).toBe('no-store');
      await response.body?.cancel();
    }
    expect(await exists(object)).toBe(false);
  });

  test('and a representation that the stream does not have', async () => {
    const { path, object } = placeOf(stream, number, '7');
    expect((await ask(path, { headers: watching })).status).toBe(404);
    expect(await exists(object)).toBe(false);
  });

  test('of a stream that nobody knows', async () => {
    const { path, object } = placeOf(newName(), number);
    expect((await ask(path, { headers: watching })).status).toBe(404);
    expect(await exists(object)).toBe(false);
  });
});

describe('paths made to mislead', () => {
  /** What people try. */
  const trick = fc.constantFrom(
    ...[
      '..',
      '.',
      '',
      '%2e%2e',
      '%2e%2e%2f',
      '..%2f',
      '%2f',
      '%5c',
      '..\\',
      '%00',
      '%',
      '%ff',
      '%c0%ae%c0%ae',
      '%u002e',
    ],
    ...[
      '．．',
      '∕',
      '／',
      'сam',
      'cam\u200b',
      '\u202e',
      '🎥',
      '%F0%9F%8E%A5',
      'a'.repeat(5000),
      '-',
      '--',
      'cam-',
      '-cam',
    ],
    ...[
      'api',
      'assets',
      'conf',
      'isotime',
      'ssss',
      'version',
      'API',
      '__proto__',
      'constructor',
      ';',
      ':',
      '*',
      '$&',
      ' ',
    ],
    ...['<script>', "'--", '"', '{{7*7}}', '\r\n', '%0d%0aset-cookie:x=y', '?', '#', '@', 'http:', 'wrangler.toml'],
  );
  const honest = fc.constantFrom(
    ...['cam', 'cam-viewer', 'api', 'streams', 'agent', 'stats', 'assets', 'ssss', 'player.html', 'index.js'],
    ...['manifest.mpd', 'init-stream0.m4s', 'chunk-stream0-1.m4s', `chunk-stream0-${number}.m4s`],
  );
  const part = fc.array(fc.oneof(trick, honest), { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(''));
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`);

  /** What a path says when all is decoded that may be decoded once. */
  function plain(text: string): string {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  /** Whether a path is one of those that PROTOCOL.md lists. */
  function isKnown(pathname: string): boolean {
    const parts = pathname.split('/').slice(1).map(plain);
    const [first = '', second, third, fourth, ...more] = parts;
    if (more.length > 0) return false;
    const named = parseStreamAddress(first) !== undefined;
    if (second === undefined) return ['', 'version', 'isotime', 'conf'].includes(first) || named;
    if (first === 'api') return second === 'streams' && (fourth === undefined || ['agent', 'stats'].includes(fourth));
    if (first === 'ssss') return fourth === undefined && third !== undefined;
    if (first === 'assets') return third === undefined && second !== '' && /^[\w.-]+$/.test(second);
    return named && third === undefined && (second === '' || parseMediaObject(second) !== undefined);
  }

  test('reach nothing, make nothing, and are no error of the edge', { timeout: 60_000 }, async () => {
    const before = new Set((await listDurableObjectIds(env.SEGMENT)).map(String));
    await fc.assert(
      fc.asyncProperty(path, fc.constantFrom('GET', 'GET', 'HEAD', 'PUT', 'DELETE'), async (text, method) => {
        const url = URL.parse(text, EDGE);
        fc.pre(url !== null && url.origin === EDGE);
        const response = await ask(text, { method, headers: anything });
        const body = await response.text();
        expect(response.status, `${method} ${url.pathname}`).toBeLessThan(500);
        expect(response.headers.get('set-cookie')).toBeNull();
        if (!isKnown(url.pathname)) {
          expect([404, 405, 414], `${method} ${url.pathname}: ${body.slice(0, 100)}`).toContain(response.status);
        }
        expect(response.headers.get('location') ?? 'cam/').toMatch(/^\w[\w.~-]*\/(\?.*)?$/);
      }),
      { seed: 20261122, numRuns: 400 },
    );
    const made = (await listDurableObjectIds(env.SEGMENT)).map(String).filter((id) => !before.has(id));
    // Those of segments that were put under a name that is one.
    expect(made.length).toBeLessThan(10);
  });
});
