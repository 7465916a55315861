/** What time the edge says it is: agents and players go by it, not by their own. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import { TIME_HEADER } from '../../protocol/headers.ts';
import {
  anything,
  ask,
  askEdgeWith,
  initSegment,
  liveStream,
  newName,
  numberNow,
  placeOf,
  watching,
} from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('every answer says when it was made', () => {
  test.for<[what: string, path: (name: StreamName) => string, init: RequestInit, status: number]>([
    ['a page', () => '/', {}, 200],
    ['a manifest', (name) => `/${name}/manifest.mpd`, { headers: watching }, 200],
    ['a HEAD', (name) => `/${name}/manifest.mpd`, { method: 'HEAD', headers: watching }, 200],
    ['a segment', (name) => placeOf(name, numberNow()).path, { method: 'PUT', headers: anything, body: 'one ' }, 201],
    [
      'an init segment',
      (name) => `/${name}/init-stream0.m4s`,
      { method: 'PUT', headers: anything, body: initSegment() },
      201,
    ],
    ['one who may not', (name) => `/${name}/manifest.mpd`, {}, 401],
    ['what there is not', () => `/${newName()}/manifest.mpd`, { headers: watching }, 404],
    ['a method that there is not', () => '/isotime', { method: 'DELETE' }, 405],
    ['a preflight', () => '/isotime', { method: 'OPTIONS', headers: { origin: 'https://a.test' } }, 204],
    ['another address', (name) => `/${name}`, {}, 302],
  ])('%s', async ([, path, init, status]) => {
    const { name } = await liveStream();
    const now = 1000 * Math.floor(Date.now() / 1000) + 999;
    vi.useFakeTimers({ toFake: ['Date'], now });
    const { headers, status: answered } = await ask(path(name), init);
    expect(answered).toBe(status);
    expect(headers.get('date')).toBe(new Date(now).toUTCString());
  });

  test('when it is made, not when it was asked for', async () => {
    const { name } = await liveStream();
    const { path } = placeOf(name, numberNow());
    vi.useFakeTimers({ toFake: ['Date'] });
    const held = ask(path, { headers: watching });
    // It has reached the edge.
    await ask('/version');
    vi.setSystemTime(Date.now() + 5000);
    const put = await ask(path, { method: 'PUT', headers: anything, body: 'one ' });
    expect((await held).headers.get('date')).toBe(put.headers.get('date'));
  });
});

test.for(['0', '2.5', 'nonsense'])(
  'agents are told the time without the displacement, of %s s',
  async (displacement) => {
    const now = Date.UTC(2026, 10, 25, 12, 34, 56, 789);
    vi.useFakeTimers({ toFake: ['Date'], now });
    const response = await askEdgeWith({ TIME_DISPLACEMENT: displacement }, '/isotime');
    expect(response.headers.get(TIME_HEADER)).toBe('2026-11-25T12:34:56.789Z');
    expect(await response.text()).toBe(
      displacement === '2.5' ? '2026-11-25T12:34:54.289000Z' : '2026-11-25T12:34:56.789000Z',
    );
  },
);
