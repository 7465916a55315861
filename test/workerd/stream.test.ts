/** One stream: what its agents say of it, what players learn of it, and whether its camera is woken. */
import { evictDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../protocol/control.ts';
import type { StreamName } from '../../protocol/names.ts';
import { agentPath } from '../../protocol/paths.ts';
import { milliseconds } from '../../protocol/units.ts';
import {
  Agent,
  anything,
  ask,
  putWhole,
  Put,
  placeOf,
  exists,
  askEdgeWith,
  bearer,
  DESCRIPTION,
  initSegment,
  liveStream,
  newName,
  passTime,
  pending,
  streamOf,
  token,
  until,
  untilState,
  watching,
} from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

const manifestOf = (name: string): Promise<Response> => ask(`/${name}/manifest.mpd`, { headers: watching });
const show = (name: string): Promise<Response> => ask(`/api/streams/${name}`, { headers: watching });

async function listed(): Promise<{ stream: string; state: string }[]> {
  const response = await ask('/api/streams', { headers: watching });
  const { streams } = await response.json<{ streams: { stream: string; state: string }[] }>();
  return streams;
}

/** A list is kept for a moment. */
const untilListed = (entry: { stream: string; state: string }): Promise<void> =>
  until(async () => (await listed()).some(({ stream, state }) => stream === entry.stream && state === entry.state));

describe('an agent announces its stream', () => {
  test('and everybody who may learns of it', async () => {
    const { name } = await liveStream();
    const response = await show(name);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      stream: name,
      title: 'Front door',
      state: 'live',
      targetLatency: 0.5,
      representations: DESCRIPTION.tracks[0]?.representations,
    });
    await untilListed({ stream: name, state: 'live' });
  });

  test('again with another description, and that one counts', async () => {
    const { name, agent } = await liveStream();
    agent.announce({ ...DESCRIPTION, title: 'Back door' });
    await until(async () => (await (await manifestOf(name)).text()).includes('<Title>Back door</Title>'));
  });

  test('and leaves: the stream is known, and offline', async () => {
    const { name, agent } = await liveStream();
    agent.close();
    await untilState(name, 'offline');
    await untilListed({ stream: name, state: 'offline' });
  });

  test('and another one does: the one that is best off speaks for it', async () => {
    const { name, agent } = await liveStream();
    const other = await Agent.connect(name);
    other.announce(DESCRIPTION);
    other.say('waiting', 'the camera does not answer');
    await other.heard();
    expect(await streamOf(name).snapshot()).toMatchObject({ state: 'live' });
    agent.close();
    await untilState(name, 'waiting');
    expect(await streamOf(name).snapshot()).toMatchObject({ detail: 'the camera does not answer' });
  });

  test('and the edge forgets nothing when the platform puts the object to sleep', async () => {
    const { name, agent } = await liveStream();
    await evictDurableObject(streamOf(name));
    expect(await streamOf(name).snapshot()).toMatchObject({ state: 'live', description: { title: 'Front door' } });
    await manifestOf(name);
    await agent.hears();
  });
});

describe('the manifest', () => {
  test('is held while the camera starts, and comes when it is live', async () => {
    const name = newName();
    const agent = await Agent.connect(name);
    // The codecs are known when the first frame is encoded.
    agent.announce({ ...DESCRIPTION, tracks: [] });
    await untilState(name, 'idle');
    const waiting = manifestOf(name);
    await agent.hears();
    agent.say('starting');
    agent.announce(DESCRIPTION);
    await untilState(name, 'starting');
    expect(await pending(waiting)).toBe(true);
    agent.say('live');
    const response = await waiting;
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/dash+xml');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toContain('codecs="avc1.64001f"');
  });

  test('of a camera that does not start within 10 s is asked for again later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const name = newName();
    const agent = await Agent.connect(name);
    agent.announce({ ...DESCRIPTION, tracks: [] });
    await untilState(name, 'idle');
    agent.say('waiting', 'the camera refuses the password');
    await untilState(name, 'waiting');
    const waiting = manifestOf(name);
    await agent.hears();
    await passTime(streamOf(name), 9999);
    expect(await pending(waiting)).toBe(true);
    await passTime(streamOf(name), 1);
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toEqual({ error: 'the stream is not ready: the camera refuses the password' });
  });

  test('of a stream that nobody knows is none', async () => {
    const name = newName();
    expect((await manifestOf(name)).status).toBe(404);
    expect((await show(name)).status).toBe(404);
    expect((await ask(`/${name}/init-stream0.m4s`, { headers: watching })).status).toBe(404);
    expect((await ask(`/${name}/chunk-stream0-1.m4s`, { headers: watching })).status).toBe(404);
  });

  test('that is known is served in an outage of the camera, and of the agent', async () => {
    const { name, agent } = await liveStream();
    const known = await (await manifestOf(name)).text();
    agent.say('waiting', 'the camera does not answer');
    await untilState(name, 'waiting');
    expect(await (await manifestOf(name)).text()).toBe(known);
    agent.close();
    await untilState(name, 'offline');
    expect(await (await manifestOf(name)).text()).toBe(known);
  });

  test('of a camera that sleeps is not served before it is awake', async () => {
    const { name, agent } = await liveStream();
    agent.say('idle');
    await untilState(name, 'idle');
    const waiting = manifestOf(name);
    await agent.hears();
    expect(await pending(waiting)).toBe(true);
    agent.say('live');
    expect((await waiting).status).toBe(200);
  });

  test('carries the token it was asked for with into the URLs of init and media segments', async () => {
    const { name } = await liveStream();
    const jwt = await token('play', name);
    const xml = await (await ask(`/${name}/manifest.mpd?token=${jwt}`)).text();
    expect(xml).toContain(`initialization="init-stream$RepresentationID$.m4s?token=${jwt}"`);
    expect(xml).toContain(`media="chunk-stream$RepresentationID$-$Number$.m4s?token=${jwt}"`);
  });

  test('holds no token that came in a header', async () => {
    const { name } = await liveStream();
    expect(await (await manifestOf(name)).text()).not.toMatch(/token/i);
  });

  test('is removed, and the agent with it, until it announces the stream anew', async () => {
    const { name, agent } = await liveStream({ saveStats: true });
    await streamOf(name).record('viewer', milliseconds(Date.now()), {});
    expect((await ask(`/${name}/manifest.mpd`, { method: 'DELETE', headers: anything })).status).toBe(204);
    expect(await agent.closed).toMatchObject({ code: 1012 });
    expect((await manifestOf(name)).status).toBe(404);
    await until(async () => !(await listed()).some(({ stream }) => stream === name));

    const again = await Agent.connect(name);
    again.announce({ ...DESCRIPTION, saveStats: true });
    again.say('live');
    await untilState(name, 'live');
    expect((await manifestOf(name)).status).toBe(200);
    await untilListed({ stream: name, state: 'live' });
    await streamOf(name).record('viewer', milliseconds(Date.now()), {});
    expect((await streamOf(name).statisticsPage('')).rows).toMatchObject([{ client: 'viewer' }]);
  });
});

describe('an agent is told that somebody wants to watch', () => {
  test('by each request for the manifest, at most once a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { name, agent } = await liveStream();
    await Promise.all([manifestOf(name), manifestOf(name), manifestOf(name)]);
    expect(await agent.heard()).toEqual([{ type: 'wanted' }]);
    vi.setSystemTime(Date.now() + 999);
    await manifestOf(name);
    expect(await agent.heard()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 1);
    await manifestOf(name);
    expect(await agent.heard()).toHaveLength(2);
  });

  test('with all its fellows', async () => {
    const { name, agent } = await liveStream();
    const other = await Agent.connect(name);
    await manifestOf(name);
    for (const each of [agent, other]) expect(await each.heard()).toEqual([{ type: 'wanted' }]);
  });

  describe('who wants a representation that is made on demand', () => {
    async function onDemandStream() {
      const [track] = DESCRIPTION.tracks;
      const [always, other] = track!.representations;
      const representations = [always!, { ...other!, onDemand: true }];
      return liveStream({ tracks: [{ kind: 'video', representations }] });
    }
    /** One that has begun. */
    const begun = (): number => Math.floor(Date.now() / 1000 / DESCRIPTION.segmentDuration);

    test('by GETs that are held for its segment: once for all of them', async () => {
      const { name, agent } = await onDemandStream();
      const { path, object } = placeOf(name, begun(), '1');
      const asking = (): Promise<Response> => ask(path, { headers: watching });
      const held = [asking(), asking(), asking()];
      await agent.hears();
      expect(await agent.heard()).toEqual([{ type: 'wanted', representation: '1' }]);
      // It is made: nobody has to be told any more.
      const put = new Put(path);
      await put.write('a');
      for (const { status } of await Promise.all(held)) expect(status).toBe(200);
      await Promise.all([asking(), asking()]);
      await scheduler.wait(1200);
      expect(await agent.heard()).toHaveLength(1);
      await put.end();
      expect(await exists(object)).toBe(true);
    });

    test('by a GET that goes on waiting, each second', async () => {
      const { name, agent } = await onDemandStream();
      const { path } = placeOf(name, begun(), '1');
      void ask(path, { headers: watching });
      await agent.hears();
      await scheduler.wait(1100);
      expect(await agent.heard()).toHaveLength(2);
      await putWhole(path, 'a');
    });

    test('by a GET that is not held', async () => {
      const { name, agent } = await onDemandStream();
      const { path } = placeOf(name, begun(), '1');
      const { status } = await askEdgeWith({ WAIT_FOR_ABSENT_SEGMENT: 'false' }, path, { headers: watching });
      expect(status).toBe(404);
      await agent.hears();
      expect(await agent.heard()).toEqual([{ type: 'wanted', representation: '1' }]);
    });

    test('by one for its init segment', async () => {
      const { name, agent } = await onDemandStream();
      const path = `/${name}/init-stream1.m4s`;
      await ask(path, { method: 'PUT', headers: anything, body: initSegment() });
      expect((await ask(path, { headers: watching })).status).toBe(200);
      expect(await agent.heard()).toEqual([{ type: 'wanted', representation: '1' }]);
    });

    test('and not by those for other representations', async () => {
      const { name, agent } = await onDemandStream();
      const { path } = placeOf(name, begun(), '0');
      const held = ask(path, { headers: watching });
      await scheduler.wait(400);
      expect(await agent.heard()).toEqual([]);
      await putWhole(path, 'a');
      await held;
    });
  });

  test('and not by requests for segments', async () => {
    const { name, agent } = await liveStream();
    await ask(`/${name}/chunk-stream0-1.m4s`, { headers: watching });
    await show(name);
    expect(await agent.heard()).toEqual([]);
  });
});

describe('an agent of which nothing is heard', () => {
  const state = async (name: StreamName): Promise<string> => {
    const snapshot = await streamOf(name).snapshot();
    return snapshot.kind === 'announced' ? snapshot.state : snapshot.kind;
  };
  /** Those who ping do it by the real clock. */
  const after = (seconds: number): void => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1000 * seconds });
  };

  test('counts as gone after two pings and a half, and is back with the next', async () => {
    const { name, agent } = await liveStream();
    after(24);
    expect(await state(name)).toBe('live');
    after(26);
    expect(await state(name)).toBe('offline');
    vi.useRealTimers();
    await agent.heard();
    expect(await state(name)).toBe('live');
  });

  test('is alive as long as it pings, which wakes nobody', async () => {
    const { name, agent } = await liveStream();
    await scheduler.wait(1500);
    await agent.heard();
    const pinged = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: pinged + 24_000 });
    expect(await state(name)).toBe('live');
    await evictDurableObject(streamOf(name));
    expect(await state(name)).toBe('live');
    vi.useFakeTimers({ toFake: ['Date'], now: pinged + 25_001 });
    expect(await state(name)).toBe('offline');
  });

  test('does not speak for the stream while another one does', async () => {
    const { name } = await liveStream();
    after(26);
    const other = await Agent.connect(name);
    other.say('waiting', 'the camera does not answer');
    await until(async () => (await state(name)) === 'waiting');
  });

  test('leaves what is known to players', async () => {
    const { name } = await liveStream();
    after(3600);
    expect((await manifestOf(name)).status).toBe(200);
  });
});

describe("an agent's WebSocket", () => {
  const dial = (name: string, headers: Record<string, string>): Promise<Response> =>
    ask(`/api/streams/${name}/agent`, { headers: { upgrade: 'websocket', ...headers } });

  test('needs a token that may publish this stream', async () => {
    const name = newName();
    expect((await dial(name, {})).status).toBe(401);
    expect((await dial(name, bearer('nonsense'))).status).toBe(401);
    expect((await dial(name, bearer(await token('play', name)))).status).toBe(403);
    expect((await dial(name, bearer(await token('publish', newName())))).status).toBe(403);
    const accepted = await dial(name, bearer(await token('publish', name)));
    expect(accepted.status).toBe(101);
    accepted.webSocket?.accept();
    accepted.webSocket?.close();
  });

  test('is one', async () => {
    const response = await ask(agentPath(newName()), { headers: anything });
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
  });

  test('answers a ping, without making a stream of it', async () => {
    const name = newName();
    const agent = await Agent.connect(name);
    expect(await agent.heard()).toEqual([]);
    expect(await streamOf(name).snapshot()).toEqual({ kind: 'unknown' });
  });

  const described = (overrides: Record<string, unknown>): string =>
    JSON.stringify({ type: 'announce', description: { ...DESCRIPTION, ...overrides } });
  const represented = (overrides: Record<string, unknown>): string =>
    described({
      tracks: [{ kind: 'video', representations: [{ ...DESCRIPTION.tracks[0]?.representations[0], ...overrides }] }],
    });

  test.for<[what: string, message: string | ArrayBuffer]>([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['bytes', Uint8Array.from(new TextEncoder().encode(JSON.stringify({ type: 'state', state: 'live' }))).buffer],
    ['a message of another kind', JSON.stringify({ type: 'wanted' })],
    ['a state that there is not', JSON.stringify({ type: 'state', state: 'dancing' })],
    ['a segment that takes no time', described({ segmentDuration: 0 })],
    ['a segment that takes longer than a minute', described({ segmentDuration: 61 })],
    ['a fragment before its time', described({ fragmentDuration: -0.1 })],
    ['a representation that is a path', represented({ id: '../0' })],
    ['a codec that is markup', represented({ codecs: 'avc1"><x' })],
    ['a picture without height', represented({ height: 0 })],
    ['a track without representations', described({ tracks: [{ kind: 'video', representations: [] }] })],
    ['more than there is room for', described({ definition: ' '.repeat(MAX_MESSAGE_BYTES) })],
  ])('is closed when it is told %s', async ([, message]) => {
    const name = newName();
    const agent = await Agent.connect(name);
    agent.send(message);
    expect(await agent.closed).toMatchObject({ code: 1008 });
    expect(await streamOf(name).snapshot()).toEqual({ kind: 'unknown' });
  });

  test('of another agent is none the worse for it', async () => {
    const { name, agent } = await liveStream();
    const other = await Agent.connect(name);
    other.send('hello');
    await other.closed;
    expect(await streamOf(name).snapshot()).toMatchObject({ state: 'live' });
    await manifestOf(name);
    expect(await agent.heard()).toEqual([{ type: 'wanted' }]);
  });
});

describe('an init segment', () => {
  const put = (path: string, body: BodyInit): Promise<Response> =>
    ask(path, { method: 'PUT', headers: anything, body });

  test('is served as it was put, until another one is', async () => {
    const { name } = await liveStream();
    const path = `/${name}/init-stream0.m4s`;
    for (const init of [initSegment(1), initSegment(2)]) {
      expect((await put(path, init)).status).toBe(201);
      const response = await ask(path, { headers: watching });
      expect(response.headers.get('content-type')).toBe('video/mp4');
      expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
      expect(await response.bytes()).toEqual(init);
    }
    const head = await ask(path, { method: 'HEAD', headers: watching });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('is waited for', async () => {
    const { name } = await liveStream();
    const path = `/${name}/init-stream0.m4s`;
    const waiting = ask(path, { headers: watching });
    await put(`/${name}/init-stream1.m4s`, initSegment(1));
    expect(await pending(waiting)).toBe(true);
    await put(path, initSegment(0));
    expect(await (await waiting).bytes()).toEqual(initSegment(0));
  });

  test('that does not come within 5 s is none', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { name } = await liveStream();
    const waiting = ask(`/${name}/init-stream0.m4s`, { headers: watching });
    await until(() => vi.getTimerCount() > 0);
    await passTime(streamOf(name), 5000);
    expect((await waiting).status).toBe(404);
  });

  test('is deleted', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { name } = await liveStream();
    const path = `/${name}/init-stream0.m4s`;
    await put(path, initSegment());
    expect((await ask(path, { method: 'DELETE', headers: anything })).status).toBe(204);
    const waiting = ask(path, { headers: watching });
    await until(() => vi.getTimerCount() > 0);
    await passTime(streamOf(name), 5000);
    expect((await waiting).status).toBe(404);
  });

  const whole = [...initSegment()];
  test.for<[what: string, body: Uint8Array | string, got: string]>([
    ['nothing', '', 'none'],
    ['no boxes', 'hello, this is no init segment', 'none'],
    ['half of one', Uint8Array.from(whole.slice(0, -1)), 'none'],
    ['one and a bit', Uint8Array.from([...whole, 0]), 'none'],
    ['no description of the track', Uint8Array.from(whole.slice(0, 8)), 'ftyp'],
    ['a description alone', Uint8Array.from(whole.slice(8)), 'moov'],
    ['a box that never ends', Uint8Array.from([0, 0, 0, 0, ...new TextEncoder().encode('ftyp')]), 'none'],
  ])('is refused when it is %s, and why is said', async ([, body, got]) => {
    const response = await put(`/${newName()}/init-stream0.m4s`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: `expected an init segment of whole boxes "ftyp" and "moov", got ${got}`,
    });
  });

  test('is refused when it is too large to be one', async () => {
    const response = await put(`/${newName()}/init-stream0.m4s`, new Uint8Array(256 * 1024 + 1));
    expect(response.status).toBe(413);
  });
});
