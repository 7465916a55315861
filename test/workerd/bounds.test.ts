/** How much of everything there may be, and what one is told who brings more. */
import { evictDurableObject, listDurableObjectIds, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../protocol/control.ts';
import type { StreamName } from '../../protocol/names.ts';
import { statisticsPageSchema, type StatisticsPage, type StreamStatistics } from '../../protocol/statistics.ts';
import { milliseconds } from '../../protocol/units.ts';
import { MAX_TOKEN_LENGTH } from '../../protocol/token.ts';
import { directoryOf, MAX_STREAMS } from '../../worker/directory.ts';
import {
  Agent,
  anything,
  ask,
  askEdgeWith,
  bearer,
  DESCRIPTION,
  liveStream,
  newName,
  numberNow,
  placeOf,
  streamOf,
  token,
  until,
  untilState,
  watching,
} from './support.ts';

const error = async (response: Response): Promise<string> => (await response.json<{ error: string }>()).error;
const announce = (overrides: Record<string, unknown>): string =>
  JSON.stringify({ type: 'announce', description: { ...DESCRIPTION, ...overrides } });

describe('a URL', () => {
  test('of 8192 characters is read, a longer one is not', async () => {
    const padded = (length: number): string => `/version?${'x'.repeat(length - 'https://edge.test/version?'.length)}`;
    expect((await ask(padded(8192))).status).toBe(200);
    const response = await ask(padded(8193));
    expect(response.status).toBe(414);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await error(response)).toBe('expected a URL of at most 8192 characters, got 8193');
  });

  test('with names that are too long names nothing', async () => {
    const length = { stream: 'a'.repeat(65), client: `cam-${'a'.repeat(65)}` };
    for (const name of Object.values(length)) {
      expect((await ask(`/${name}/manifest.mpd`, { headers: anything })).status).toBe(404);
    }
    for (const file of ['init-stream1000.m4s', 'chunk-stream1000-1.m4s', 'chunk-stream0-1000000000000000.m4s']) {
      expect((await ask(`/cam/${file}`, { headers: anything })).status).toBe(404);
    }
  });
});

test('a token longer than one can be is none, and goes into no manifest', async () => {
  const { name } = await liveStream({ public: true });
  const long = 'x'.repeat(MAX_TOKEN_LENGTH + 1);
  expect(await (await ask(`/${name}/manifest.mpd?token=${long}`)).text()).not.toContain(long);
  expect((await ask(`/${name}/manifest.mpd`, { method: 'DELETE', headers: bearer(long) })).status).toBe(401);
});

describe('agents of one stream', () => {
  test('may be sixteen: one more takes the place of the one that was silent for longest', async () => {
    const name = newName();
    const agents: Agent[] = [];
    for (let count = 0; count < 16; count += 1) {
      agents.push(await Agent.connect(name));
      await scheduler.wait(2);
    }
    // The oldest two speak: one to the edge, one to the platform, which answers pings by itself.
    agents[0]!.announce(DESCRIPTION);
    await untilState(name, 'idle');
    await agents[1]!.heard();
    const one = await Agent.connect(name);
    expect(await agents[2]!.closed).toMatchObject({ code: 1013, reason: '16 newer agents are here' });
    const another = await Agent.connect(name);
    expect(await agents[3]!.closed).toMatchObject({ code: 1013 });
    for (const agent of [agents[0]!, agents[1]!, agents[15]!, one, another]) await agent.heard();
  });
});

describe('messages of an agent', () => {
  test('may be a hundred in 10 s; another agent of the stream is none the worse for one who sends more', async () => {
    const { name, agent } = await liveStream();
    const flooder = await Agent.connect(name);
    for (let sent = 0; sent < 300; sent += 1) flooder.say('idle', String(sent));
    const { code, reason } = await flooder.closed;
    expect([code, reason]).toEqual([1008, 'expected at most 100 messages in 10 s, got more']);
    await ask(`/${name}/manifest.mpd`, { headers: watching });
    await agent.hears();
    expect(await streamOf(name).snapshot()).toMatchObject({ state: 'live' });
  });

  const representation = DESCRIPTION.tracks[0]!.representations[0]!;
  const tracks = (...ids: string[]): unknown[] => [
    { kind: 'video', representations: ids.map((id) => ({ ...representation, id })) },
  ];
  test.for<[what: string, message: string, why: string]>([
    ['no JSON', 'hello', 'expected an agent message: '],
    ['too long', 'x'.repeat(MAX_MESSAGE_BYTES + 1), 'expected at most 65536 characters, got 65537'],
    [
      'a segment of an hour',
      announce({ segmentDuration: 3600 }),
      'description.segmentDuration: Too big: expected number to be <=60',
    ],
    [
      'a segment of no time',
      announce({ segmentDuration: 1e-9 }),
      'description.segmentDuration: Too small: expected number to be >=0.1',
    ],
    ['a window of a day', announce({ timeShift: 86_400 }), 'description.timeShift: Too big'],
    [
      'a title of 201 letters',
      announce({ title: 'x'.repeat(201) }),
      'description.title: Too big: expected string to have <=200 characters',
    ],
    ['nine tracks', announce({ tracks: Array.from({ length: 9 }, () => tracks('0')).flat() }), 'description.tracks'],
    [
      '17 representations',
      announce({ tracks: tracks(...Array.from({ length: 17 }, (_, id) => String(id))) }),
      'description.tracks.0.representations: Too big',
    ],
    [
      'two representations of one id',
      announce({ tracks: tracks('0', '0') }),
      'expected an id of its own for each representation',
    ],
    [
      'a definition that is no JSON',
      announce({ definition: '{"a":1},' }),
      'description.definition: expected a JSON object',
    ],
    [
      'a definition that is no object',
      announce({ definition: '[1]' }),
      'description.definition: expected a JSON object',
    ],
    [
      'a definition of 20 kB and a bit',
      announce({ definition: `{"a":"${'x'.repeat(20_000)}"}` }),
      'description.definition: Too big',
    ],
  ])('are refused, and it is told why: %s', async ([, message, why]) => {
    const agent = await Agent.connect(newName());
    agent.send(message);
    const { code, reason } = await agent.closed;
    expect(code).toBe(1008);
    expect(reason).toContain(why);
  });

  test('may tell of a stream without a time-shift window', async () => {
    await liveStream({ timeShift: 0 });
  });
});

test('whatever definitions agents have told, /conf is JSON', async () => {
  const { name, agent } = await liveStream({ definition: '{"stream":"one"}' });
  agent.announce({ ...DESCRIPTION, definition: '{"stream":"one"}]' });
  await agent.closed;
  // As an edge might have stored it that did not look.
  await runInDurableObject(streamOf(newName()), (_, { storage }) => {
    storage.kv.put('description', { ...DESCRIPTION, definition: '}' });
  });
  await runInDurableObject(streamOf(name), (_, { storage }) => {
    expect(storage.kv.get('description')).toMatchObject({ definition: '{"stream":"one"}' });
  });
  const response = await ask('/conf', { headers: watching });
  expect(await response.json()).toContainEqual({ stream: 'one' });
});

test('a manifest that is pushed can run no script, whatever is in it', async () => {
  const name = newName();
  const body = '<MPD xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></MPD>';
  await ask(`/${name}/manifest.mpd`, { method: 'PUT', headers: anything, body });
  const { headers } = await ask(`/${name}/manifest.mpd`, { headers: watching });
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

describe('streams', () => {
  const directory = directoryOf(env);
  test('may be a thousand: those that are there go on, one more is refused', { timeout: 30_000 }, async () => {
    const { name, agent } = await liveStream({ title: 'Before' });
    const others = await runInDurableObject(directory, (instance) => {
      const names = Array.from({ length: MAX_STREAMS }, () => newName());
      return names.filter((one) => instance.add(one));
    });
    const removeOthers = (count: number): Promise<void> =>
      runInDurableObject(directory, (instance) => {
        for (const one of others.splice(0, count)) instance.remove(one);
      });
    expect(await directory.list()).toHaveLength(MAX_STREAMS);

    agent.announce({ ...DESCRIPTION, title: 'After' });
    await until(async () =>
      (await (await ask(`/api/streams/${name}`, { headers: watching })).text()).includes('After'),
    );
    const late = await Agent.connect(newName());
    late.announce(DESCRIPTION);
    const { code, reason } = await late.closed;
    expect([code, reason]).toEqual([1008, 'expected at most 1000 streams on an edge: delete one first, got one more']);

    // The list of them all is one that a request can make.
    expect((await ask('/api/streams', { headers: watching })).status).toBe(200);
    await removeOthers(1);
    await liveStream();
    await removeOthers(MAX_STREAMS);
  });
});

describe('a name that is no stream', () => {
  const streams = async (): Promise<number> => (await listDurableObjectIds(env.STREAM)).length;
  const open = { PLAYBACK: 'open' };

  test('makes no object, whoever asks for it and for what', async () => {
    const before = await streams();
    const name = newName();
    const files = ['manifest.mpd', 'init-stream0.m4s', `chunk-stream0-${numberNow()}.m4s`];
    for (const path of [...files.map((file) => `/${name}/${file}`), `/api/streams/${name}`]) {
      expect((await ask(path)).status, path).toBe(401);
      expect((await ask(path, { headers: bearer(await token('play', newName())) })).status, path).toBe(403);
      expect((await askEdgeWith(open, path)).status, path).toBe(404);
    }
    for (const path of [`/ssss/${name}/0`, `/ssss/${name}/auto`, `/api/streams/${name}/stats`]) {
      expect((await askEdgeWith(open, path)).status, path).toBe(404);
    }
    expect(await streams()).toBe(before);
  });

  test('asked for by hundreds at once costs the Directory a few questions', async () => {
    let questions = 0;
    const list = (): Promise<StreamName[]> => {
      questions += 1;
      return directoryOf(env).list();
    };
    const counted = { ...open, DIRECTORY: { getByName: () => ({ list }) } as unknown as typeof env.DIRECTORY };
    const askForOne = async (): Promise<number> => (await askEdgeWith(counted, `/${newName()}/manifest.mpd`)).status;
    const answers = await Promise.all(Array.from({ length: 500 }, askForOne));
    expect(new Set(answers)).toEqual(new Set([404]));
    expect(questions).toBeGreaterThan(0);
    expect(questions).toBeLessThan(50);
  });

  test('is one as soon as its agent has announced it, however many ask for others', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const others = Array.from({ length: 20 }, () => askEdgeWith(open, `/${newName()}/manifest.mpd`));
      const { name } = await liveStream();
      expect((await askEdgeWith(open, `/${name}/manifest.mpd`)).status).toBe(200);
      await Promise.all(others);
    }
  });
});

describe('statistics', () => {
  const statistics = async (name: StreamName): Promise<StreamStatistics> =>
    (await ask(`/api/streams/${name}/stats`, { headers: anything })).json();

  test('know 200 clients, also after the object has slept', async () => {
    const { name } = await liveStream({ saveStats: true });
    const stream = streamOf(name);
    const record = (from: number, to: number): Promise<void> =>
      runInDurableObject(stream, (instance) => {
        for (let client = from; client < to; client += 1) instance.record(`client${client}`, milliseconds(client), {});
      });
    await record(0, 150);
    await evictDurableObject(stream);
    await record(100, 300);
    const { clients } = await statistics(name);
    expect(clients).toHaveLength(200);
    expect(clients[120]?.requests).toHaveLength(2);
    expect((await ask(`/api/streams/${name}/stats`, { method: 'DELETE', headers: anything })).status).toBe(204);
    await record(500, 501);
    expect((await statistics(name)).clients).toHaveLength(1);
  });

  test('keep 10,000 requests of one, 100,000 of all, and can be read', { timeout: 60_000 }, async () => {
    const { name } = await liveStream({ saveStats: true });
    const told = { latency: 123.456, buffer: 4567, bitrate: 2000, stalled: true };
    await runInDurableObject(streamOf(name), (instance) => {
      for (let client = 0; client < 11; client += 1) {
        for (let time = 0; time < 10_100; time += 1)
          instance.record(`${'x'.repeat(60)}${client}`, milliseconds(1.7e12 + time), told);
      }
    });
    const { clients } = await statistics(name);
    expect(clients.map(({ requests }) => requests.length)).toEqual(Array(10).fill(10_000));
    const csv = await ask(`/api/streams/${name}/stats?format=csv`, { headers: anything });
    expect((await csv.text()).split('\r\n')).toHaveLength(100_002);
    // Nobody else waits for longer than a page takes.
    expect((await streamOf(name).statisticsPage('')).rows.length).toBeLessThanOrEqual(500);
  });

  test('are told page by page, what is new only, and from the first on when they were cleared', async () => {
    const { name } = await liveStream({ saveStats: true });
    const record = (from: number, to: number): Promise<void> =>
      runInDurableObject(streamOf(name), (instance) => {
        for (let time = from; time < to; time += 1) instance.record(`client${time % 3}`, milliseconds(time), {});
      });
    const pageAfter = async (mark: string): Promise<StatisticsPage> => {
      const answer = await ask(`/api/streams/${name}/stats?after=${mark}`, { headers: anything });
      return statisticsPageSchema.parse(await answer.json());
    };
    const times = ({ requests }: StatisticsPage): number[] => requests.map(({ time }) => time);
    const nothing = await pageAfter('');
    expect(nothing).toMatchObject({ requests: [], first: true, more: false });
    await record(1, 602);
    const one = await pageAfter(nothing.mark);
    expect(one).toMatchObject({ first: true, more: true });
    const two = await pageAfter(one.mark);
    expect(two).toMatchObject({ first: false, more: false });
    expect([...times(one), ...times(two)]).toEqual(Array.from({ length: 601 }, (_, index) => index + 1));
    expect(two.requests.at(-1)).toMatchObject({ client: 'client1', delta: 3, jitter: 0, clients: 3 });
    expect(await pageAfter(two.mark)).toEqual({ requests: [], first: false, more: false, mark: two.mark });

    expect((await ask(`/api/streams/${name}/stats`, { method: 'DELETE', headers: anything })).status).toBe(204);
    await record(900, 901);
    for (const mark of [two.mark, 'nonsense', "1-1' OR 1=1", '1-99999999999999999999']) {
      expect(await pageAfter(encodeURIComponent(mark))).toMatchObject({ requests: [{ time: 900 }], first: true });
    }
  });

  test('take nothing but numbers from what a player says of itself', async () => {
    const { name } = await liveStream({ saveStats: true, public: true });
    const sayings = [
      `bl=${'9'.repeat(3000)}`,
      'bl="<script>"',
      'br=(1;a=2 3)',
      `sid="${'x'.repeat(3000)}"`,
      'bl=-1e9,ltc=?1',
    ];
    for (const cmcd of sayings) {
      const { path } = placeOf(name, numberNow());
      const query = `?CMCD=${encodeURIComponent(cmcd)}`;
      const { status } = await askEdgeWith({ WAIT_FOR_ABSENT_SEGMENT: 'false' }, `${path}${query}`);
      expect(status).toBe(404);
    }
    await until(async () => (await statistics(name)).clients[0]?.requests.length === sayings.length);
    for (const request of (await statistics(name)).clients[0]!.requests) {
      expect(Object.entries(request).filter(([key, value]) => key !== 'stalled' && typeof value !== 'number')).toEqual(
        [],
      );
    }
    await untilState(name, 'live');
  });
});
