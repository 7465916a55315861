/**
 * What viewers and encoders are told when an object can't answer: the platform throws where the Worker calls it. An object
 * that is reset can be had here; one that is overloaded, or on a machine that is gone, is one that throws what the
 * platform documents (developers.cloudflare.com/durable-objects/best-practices/error-handling).
 */
import { createExecutionContext, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, test, vi } from 'vitest';
import type { Env } from '../../worker/env.ts';
import { routes } from '../../worker/routes.ts';
import { Shield } from '../../worker/shield/entrypoint.ts';
import { shieldRequest } from '../../worker/shield/question.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';
import { parseMediaObject, parseStreamAddress } from '../../protocol/paths.ts';
import {
  anything,
  ask,
  askEdgeWith,
  dueSegment,
  EDGE,
  initSegment,
  liveStream,
  newName,
  numberNow,
  placeOf,
  pushedStream,
  untilExists,
  watching,
  type SegmentPlace,
} from './support.ts';

/** A namespace whose every object throws this, whatever it is asked. */
const throwing = (what: Error): never => {
  const object = new Proxy({}, { get: () => () => Promise.reject(what) });
  return { getByName: () => object } as never;
};
const allThrowing = (error: Error): Partial<Env> => ({
  SEGMENT: throwing(error),
  STREAM: throwing(error),
  DIRECTORY: throwing(error),
});

const OVERLOADED = Object.assign(new Error('Durable Object is overloaded. Too many requests queued.'), {
  overloaded: true,
});
const DISCONNECTED = Object.assign(new Error('Network connection lost.'), { retryable: true });
const TOO_MUCH = new Error(
  'Your account is generating too much load on Durable Objects. Please back off and try again later.',
);
const MISTAKE = new TypeError('Invalid URL: /cam/manifest.mpd?token=a.secret');

/** What is the same of all answers that no viewer's browser and no cache may misunderstand. */
function expectToldProperly(response: Response, what: string): void {
  expect(response.headers.get('access-control-allow-origin'), what).toBe('*');
  expect(response.headers.get('cache-control'), what).toBe('no-store');
  expect(response.headers.get('content-type'), what).toBe('application/json');
}

const segment = (name: string): string => placeOf(name as never, numberNow()).path;
/** Every route that calls an object. */
const ROUTES: readonly (readonly [what: string, path: (stream: string) => string, init?: RequestInit])[] = [
  ['GET of a manifest', (stream) => `/${stream}/manifest.mpd`],
  ['GET of an init segment', (stream) => `/${stream}/init-stream0.m4s`],
  ['GET of a segment', segment],
  ['PUT of a manifest', (stream) => `/${stream}/manifest.mpd`, { method: 'PUT', body: '<MPD></MPD>' }],
  ['PUT of an init segment', (stream) => `/${stream}/init-stream0.m4s`, { method: 'PUT', body: initSegment() }],
  ['PUT of a segment', segment, { method: 'PUT', body: 'one' }],
  ['DELETE of a manifest', (stream) => `/${stream}/manifest.mpd`, { method: 'DELETE' }],
  ['DELETE of an init segment', (stream) => `/${stream}/init-stream0.m4s`, { method: 'DELETE' }],
  ['DELETE of a segment', segment, { method: 'DELETE' }],
  ['a probe', (stream) => `/${stream}/chunk-stream999-1.m4s`],
  ['the streams', () => '/api/streams'],
  ['a stream', (stream) => `/api/streams/${stream}`],
  ['a stream’s figures', (stream) => `/api/streams/${stream}/stats`],
  ['the end of figures', (stream) => `/api/streams/${stream}/stats`, { method: 'DELETE' }],
  ['an agent', (stream) => `/api/streams/${stream}/agent`, { headers: { ...anything, upgrade: 'websocket' } }],
  ['the definitions', () => '/conf'],
  ['switching', (stream) => `/ssss/${stream}/0`],
];

describe.for(ROUTES)('%s', ([, path, init]) => {
  test.for([
    ['overloaded', OVERLOADED],
    ['out of reach', DISCONNECTED],
    ['one too many', TOO_MUCH],
  ] as const)('whose object is %s is to be asked for again, later', async ([, error]) => {
    const response = await askEdgeWith(allThrowing(error), path(newName()), { headers: anything, ...init });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expectToldProperly(response, error.message);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/ask again/) });
  });

  test('that fails by a mistake says so, and tells the log alone which', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const response = await askEdgeWith(allThrowing(MISTAKE), path(newName()), { headers: anything, ...init });
    expect(response.status).toBe(500);
    expectToldProperly(response, 'mistake');
    expect(await response.json()).toEqual({ error: 'the edge made a mistake' });
    expect(log.mock.calls.flat().join('\n')).toMatch(/^TypeError: Invalid URL: \/cam\/manifest\.mpd\?token=…\n +at /);
    log.mockRestore();
  });
});

/** As when a new version is deployed, or its memory is full. */
const resetObject = ({ object }: SegmentPlace): Promise<void> =>
  runInDurableObject(object, (_, context) => context.abort('its memory is full')).catch(() => {});

describe('an object that is reset', () => {
  test('while a viewer is held', async () => {
    const place = await dueSegment();
    const held = ask(place.path, { headers: watching });
    await untilExists(place.object);
    await resetObject(place);
    const response = await held;
    expect(response.status).toBe(503);
    expectToldProperly(response, 'reset');
    // The next one is another.
    const { path } = place;
    expect((await ask(path, { method: 'PUT', headers: anything, body: 'one' })).status).toBe(201);
  });

  test('behind the cached entrypoint: nothing of that is shared', async () => {
    const place = await dueSegment();
    const [, address = '', file = ''] = place.path.split('/');
    const held = exports.Shield.fetch(
      shieldRequest({
        stream: parseStreamAddress(address)!.stream,
        object: parseMediaObject(file)!,
        terms: { until: milliseconds(Date.now() + 5000), keep: seconds(30) },
      }),
    );
    await untilExists(place.object);
    await resetObject(place);
    const response = await held;
    expect([response.status, response.headers.get('cache-control')]).toEqual([503, 'no-store']);
  });
});

describe('with the cached entrypoint', () => {
  /** Asks an edge whose objects fail for the cached entrypoint alone, or for all. */
  async function askShared(path: string, error: Error): Promise<Response> {
    const shield = new Shield(createExecutionContext(), { ...env, ...allThrowing(error) });
    const context = createExecutionContext();
    Object.defineProperty(context, 'exports', { value: { Shield: { fetch: (one: Request) => shield.fetch(one) } } });
    return routes.fetch(new Request(new URL(path, EDGE), { headers: watching }), { ...env, FAN_OUT: 'cache' }, context);
  }

  test('a viewer is told the same of a stream that is known', async () => {
    const { name } = await liveStream();
    // Its snapshot is in the isolate: what is asked for fails, and not the question how it is.
    expect((await ask(`/${name}/manifest.mpd`, { headers: watching })).status).toBe(200);
    for (const path of [`/${name}/manifest.mpd`, `/${name}/init-stream0.m4s`, segment(name)]) {
      const response = await askShared(path, OVERLOADED);
      expect(response.status, path).toBe(503);
      expectToldProperly(response, path);
    }
  });

  test('a viewer is told the same of one that is not', async () => {
    const name = await pushedStream();
    const response = await askShared(`/${name}/init-stream0.m4s`, DISCONNECTED);
    expect(response.status).toBe(503);
    expectToldProperly(response, 'snapshot');
  });
});
