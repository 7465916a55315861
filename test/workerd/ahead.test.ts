/** Objects are made before they are needed: at Cloudflare the first who uses one waits for a look-up. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import type { Env } from '../../worker/env.ts';
import { routes } from '../../worker/routes.ts';
import type { PutTerms } from '../../worker/segment/put.ts';
import { DEFAULT_PATIENCE } from '../../worker/segment/state.ts';
import { milliseconds } from '../../protocol/units.ts';
import { Shield } from '../../worker/shield/entrypoint.ts';
import {
  anything,
  askEdgeWith,
  DESCRIPTION,
  EDGE,
  liveStream,
  newName,
  numberNow,
  placeOf,
  pushedStream,
  watching,
  ask,
  until,
} from './support.ts';

/** The objects' namespace, and whom it was asked to make: the name of each, as often as that was. */
function counted(): { variables: Partial<Env>; made: string[] } {
  const made: string[] = [];
  const getByName = (name: string): unknown => {
    const object = env.SEGMENT.getByName(name);
    return {
      fetch: (request: Request) => object.fetch(request),
      put: (body: ReadableStream<Uint8Array> | null, terms: PutTerms) => object.put(body, terms),
      prepare: () => {
        made.push(name);
        return object.prepare();
      },
    };
  };
  return { variables: { SEGMENT: { getByName } as never }, made };
}

const put = (variables: Partial<Env>, path: string): Promise<Response> =>
  askEdgeWith(variables, path, { method: 'PUT', headers: anything, body: 'one ' });
const get = async (variables: Partial<Env>, path: string, headers = watching): Promise<void> => {
  expect((await askEdgeWith(variables, path, { headers })).status).toBe(200);
};

describe('a PUT', () => {
  test.for([
    { segmentDuration: 60, ahead: 2 },
    { segmentDuration: 4, ahead: 2 },
    { segmentDuration: 1, ahead: 3 },
    { segmentDuration: 0.5, ahead: 5 },
  ])(
    'of $segmentDuration s makes those of two seconds after the next, each once',
    async ({ segmentDuration, ahead }) => {
      const { name } = await liveStream({ segmentDuration });
      const number = Math.floor(Date.now() / 1000 / segmentDuration);
      const { variables, made } = counted();
      await put(variables, placeOf(name, number - 1).path);
      const first = Array.from({ length: ahead }, (_, index) => `${name}/0/${number + index}`);
      expect(made).toEqual(first);
      await put(variables, placeOf(name, number).path);
      expect(made).toEqual([...first, `${name}/0/${number + ahead}`]);
      // Sent again, by whomever.
      await put(variables, placeOf(name, number).path);
      expect(made).toHaveLength(ahead + 1);
    },
  );

  test('of a foreign encoder does too, also after it has begun to count anew', async () => {
    const name = await pushedStream();
    const { variables, made } = counted();
    for (const number of [500, 1]) {
      made.length = 0;
      await put(variables, placeOf(name, number).path);
      expect(made).toEqual([number + 1, number + 2].map((next) => `${name}/0/${next}`));
    }
  });

  test('has its answer also where that fails', async () => {
    const { name } = await liveStream();
    const getByName = (of: string): unknown => {
      const object = env.SEGMENT.getByName(of);
      return {
        put: (body: ReadableStream<Uint8Array> | null, terms: PutTerms) => object.put(body, terms),
        prepare: async () => {
          throw new Error('overloaded');
        },
      };
    };
    const answer = await put({ SEGMENT: { getByName } as never }, placeOf(name, numberNow()).path);
    expect(answer.status).toBe(201);
  });
});

describe('a GET', () => {
  /** A segment that is there, put through another isolate, as it were: what this one made counts anew. */
  async function segment(): Promise<{ name: StreamName; number: number; path: string }> {
    const { name } = await liveStream();
    const number = Math.floor(Date.now() / 1000 / DESCRIPTION.segmentDuration);
    const { path, object } = placeOf(name, number);
    const terms = { writer: 'a', precedence: 'first wins', window: milliseconds(60_000) } as const;
    await object.put(new Response('one ').body, { ...terms, patience: DEFAULT_PATIENCE });
    return { name, number, path };
  }

  test('touches the next segment, once however many ask', async () => {
    const { name, number, path } = await segment();
    const { variables, made } = counted();
    for (let viewers = 0; viewers < 5; viewers += 1) await get(variables, path);
    expect(made).toEqual([`${name}/0/${number + 1}`]);
  });

  test('touches nothing that a PUT has made from the same place', async () => {
    const { name } = await liveStream();
    const { path } = placeOf(name, numberNow());
    const { variables, made } = counted();
    await put(variables, path);
    made.length = 0;
    await get(variables, path);
    expect(made).toEqual([]);
  });

  test('touches nothing that is not made from where the camera is by then', async () => {
    const { name } = await liveStream();
    // It begins in more than a second: an object would be made where this viewer is.
    const number = Math.ceil((Date.now() / 1000 + 1.5) / DESCRIPTION.segmentDuration);
    const { variables, made } = counted();
    const held = askEdgeWith({ ...variables, WAIT_FOR_ABSENT_SEGMENT: 'false' }, placeOf(name, number).path, {
      headers: watching,
    });
    expect((await held).status).toBe(404);
    expect(made).toEqual([]);
  });

  test('of a foreign encoder’s stream touches the next one of what it has', async () => {
    const name = await pushedStream();
    await put({}, placeOf(name, 700).path);
    await until(async () => (await ask(placeOf(name, 700).path, { headers: watching })).status === 200);
    const { variables, made } = counted();
    await get(variables, placeOf(name, 700).path);
    // Made by the PUT, here.
    expect(made).toEqual([]);
  });

  test('through the cached entrypoint has that touch it', async () => {
    const { name, number, path } = await segment();
    const { variables, made } = counted();
    const shield = new Shield(createExecutionContext(), { ...env, ...variables });
    const context = createExecutionContext();
    Object.defineProperty(context, 'exports', { value: { Shield: { fetch: (one: Request) => shield.fetch(one) } } });
    const request = new Request(new URL(path, EDGE), { headers: watching });
    expect((await routes.fetch(request, { ...env, FAN_OUT: 'cache' }, context)).status).toBe(200);
    expect(made).toEqual([`${name}/0/${number + 1}`]);
  });

  test('of one who may not watch touches nothing', async () => {
    const { path } = await segment();
    const { variables, made } = counted();
    expect((await askEdgeWith(variables, path)).status).toBe(401);
    expect((await askEdgeWith(variables, `/${newName()}/chunk-stream0-1.m4s`, { headers: watching })).status).toBe(404);
    expect(made).toEqual([]);
  });
});
