/** A stream with sound beside its picture. */
import { expect, test } from 'vitest';
import { segmentHeader } from '../../agent/cmaf/fragment.ts';
import {
  anything,
  ask,
  DESCRIPTION,
  liveStream,
  numberNow,
  placeOf,
  until,
  watching,
  type Description,
} from './support.ts';

const SOUND = {
  kind: 'audio' as const,
  representations: [
    {
      ...{ id: '2', codecs: 'mp4a.40.2', bandwidth: 64_000, copied: true },
      ...{ sampleRate: 48_000, channels: 1, frameDuration: 1024 / 48_000 },
    },
  ],
};
const WITH_SOUND: Partial<Description> = { tracks: [...DESCRIPTION.tracks, SOUND] };
const SWITCHED = { ...WITH_SOUND, serverSideRepresentationSwitching: true };

/** One that is told from others by its last byte. */
const segment = (mark: number): Uint8Array =>
  new Uint8Array([...segmentHeader(), ...[0, 0, 0, 9, 102, 114, 101, 101], mark]);

/** Of each representation, marked with its id. @returns its number */
async function putAll(name: Parameters<typeof placeOf>[0]): Promise<number> {
  const number = numberNow();
  for (const id of [0, 1, 2]) {
    const put = await ask(placeOf(name, number, String(id)).path, {
      ...{ method: 'PUT', headers: anything, body: segment(id) },
    });
    expect(put.status).toBe(201);
  }
  return number;
}

const get = (path: string): Promise<Response> => ask(path, { headers: watching });
const markOf = async (response: Response): Promise<number | undefined> =>
  new Uint8Array(await response.arrayBuffer()).at(-1);

test('who asks for sound gets sound where pictures are switched, and nobody can force it', async () => {
  const { name } = await liveStream(SWITCHED);
  const number = await putAll(name);
  const got = async (id: string): Promise<number | undefined> => markOf(await get(placeOf(name, number, id).path));
  expect([await got('0'), await got('1'), await got('2')]).toEqual([1, 1, 2]);
  const force = async (id: string): Promise<number> => (await ask(`/ssss/${name}/${id}`, { headers: anything })).status;
  expect(await force('2')).toBe(404);
  expect(await force('0')).toBe(200);
  // What an isolate knows of a stream may be a second old.
  await until(async () => (await got('0')) === 0);
  expect(await got('2')).toBe(2);
});

test('sound is called sound, whole, in part, and by its head', async () => {
  const { name } = await liveStream(WITH_SOUND);
  const { path } = placeOf(name, await putAll(name), '2');
  const typeOf = ({ headers }: Response): string | null => headers.get('content-type');
  const whole = await get(path);
  expect([whole.status, typeOf(whole), await markOf(whole)]).toEqual([200, 'audio/mp4', 2]);
  const part = await ask(path, { headers: { ...watching, range: 'bytes=-1' } });
  expect([part.status, typeOf(part), await markOf(part)]).toEqual([206, 'audio/mp4', 2]);
  const head = await ask(path, { method: 'HEAD', headers: watching });
  expect([head.status, typeOf(head), head.headers.get('content-length')]).toEqual([
    ...[200, 'audio/mp4', String(segment(2).length)],
  ]);
  expect(typeOf(await get(path.replace('stream2', 'stream0')))).toBe('video/mp4');
});

test('copied sound is joined at any frame: it comes as it was sent', async () => {
  const { name } = await liveStream(WITH_SOUND);
  const number = await putAll(name);
  const joined = await get(`${placeOf(name, number, '2').path}?j=${number}`);
  expect(new Uint8Array(await joined.arrayBuffer())).toEqual(segment(2));
});

test('statistics have a line for each request for a picture, and none for its sound', async () => {
  const { name } = await liveStream({ ...WITH_SOUND, saveStats: true });
  const number = await putAll(name);
  for (const id of ['2', '0', '2']) await get(placeOf(name, number, id).path);
  const count = async (): Promise<number> => {
    const answer = await ask(`/api/streams/${name}/stats?format=csv`, { headers: anything });
    return (await answer.text()).trim().split('\n').length - 1;
  };
  await until(async () => (await count()) > 0);
  expect(await count()).toBe(1);
});

test('the list of streams says of what they are', async () => {
  const { name } = await liveStream(WITH_SOUND);
  const entry = (await (await ask(`/api/streams/${name}`, { headers: watching })).json()) as Record<string, unknown>;
  expect(entry['representations']).toEqual([...DESCRIPTION.tracks[0]!.representations, ...SOUND.representations]);
});
