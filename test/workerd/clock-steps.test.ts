/** The edge's clock is set, forward or back: a Worker has no other, and what it remembers must not outlive it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { milliseconds } from '../../protocol/units.ts';
import { Agent, ask, DESCRIPTION, liveStream, newName, streamOf, until, untilState, watching } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time go by, and has the clock set by so much on the way. */
const pass = (seconds: number, step = 0): unknown => vi.setSystemTime(Date.now() + 1000 * (seconds + step));

/** In seconds. */
const STEPS = [-3600, -60, -5, -1, 1, 5, 60, 3600];

describe.for(STEPS)('after a step of %d s', (step) => {
  test('a camera that sleeps is woken', async () => {
    const { name, agent } = await liveStream();
    const wake = (): Promise<unknown> => ask(`/${name}/manifest.mpd`, { headers: watching });
    await wake();
    expect(await agent.heard()).toHaveLength(1);
    pass(2.1, step);
    await wake();
    expect(await agent.heard()).toHaveLength(2);
  });

  test('a stream that is public no longer is shown to nobody', async () => {
    const { name, agent } = await liveStream({ public: true });
    const show = async (): Promise<number> => (await ask(`/api/streams/${name}`)).status;
    expect(await show()).toBe(200);
    agent.announce({ ...DESCRIPTION, public: false });
    await until(async () => {
      const snapshot = await streamOf(name).snapshot();
      return snapshot.kind === 'announced' && !snapshot.description.public;
    });
    pass(4.1, step);
    pass(4.1);
    expect(await show()).toBe(401);
  });

  test('a stream that is new is found', async () => {
    const show = async (name: string): Promise<number> => (await ask(`/${name}/manifest.mpd`)).status;
    // Asks for the list of all that there are.
    expect(await show(newName())).toBe(401);
    const name = newName();
    const agent = await Agent.connect(name);
    agent.announce({ ...DESCRIPTION, public: true });
    agent.say('live');
    await untilState(name, 'live');
    pass(1.1, step);
    expect(await show(name)).toBe(200);
  });

  test('an agent may say as much as before', async () => {
    const { name, agent } = await liveStream();
    const talk = async (topic: string): Promise<void> => {
      for (let said = 0; said < 90; said += 1) agent.say('live', `${topic} ${said}`);
      await until(async () => {
        const snapshot = await streamOf(name).snapshot();
        return snapshot.kind === 'announced' && (snapshot.detail === `${topic} 89` || snapshot.state === 'offline');
      });
    };
    for (const topic of ['before', 'after', 'later']) {
      await talk(topic);
      pass(17, topic === 'before' ? step : 0);
    }
    expect(await streamOf(name).snapshot()).toMatchObject({ state: 'live', detail: 'later 89' });
  });

  test('statistics tell no time that went backwards, and count who is there', async () => {
    const { name } = await liveStream({ saveStats: true });
    const stream = streamOf(name);
    const record = (client: string): Promise<void> => stream.record(client, milliseconds(Date.now()), {});
    await record('gone');
    await record('there');
    pass(14, step);
    await record('there');
    pass(1);
    await record('there');
    const { rows } = await stream.statisticsPage('');
    const figures = rows.filter(({ client }) => client === 'there').map((row) => JSON.parse(row.figures));
    expect(figures.at(-1)).toMatchObject({ delta: 1000, clients: 1 });
    for (const { delta } of figures) expect(delta ?? 0).toBeGreaterThanOrEqual(0);
  });
});

test('what was kept a moment ago is still fresh to a request that came a moment before', async () => {
  const { name } = await liveStream();
  const snapshot = vi.spyOn(await import('../../worker/stream/stub.ts'), 'streamOf');
  await ask(`/api/streams/${name}`, { headers: watching });
  snapshot.mockClear();
  pass(-0.5);
  await ask(`/api/streams/${name}`, { headers: watching });
  expect(snapshot).not.toHaveBeenCalled();
});
