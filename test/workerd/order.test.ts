/** An encoder's requests for one name, each on a connection of its own, that overtake each other on their way. */
import { expect, test } from 'vitest';
import { anything, ask, initSegment, newName, pushedStream, Put, until, watching } from './support.ts';

const remove = (path: string): Promise<Response> => ask(path, { method: 'DELETE', headers: anything });

/** A PUT whose body is still to come; the edge has taken it. */
async function begun(path: string): Promise<Put> {
  const put = new Put(path);
  await put.write('<MPD>');
  return put;
}

const listed = async (): Promise<string[]> => {
  const { streams } = await (
    await ask('/api/streams', { headers: watching })
  ).json<{ streams: { stream: string }[] }>();
  return streams.map(({ stream }) => stream);
};

test('a stream is gone that was deleted while its manifest was still on its way', async () => {
  const name = await pushedStream();
  const put = await begun(`/${name}/manifest.mpd`);
  expect((await remove(`/${name}/manifest.mpd`)).status).toBe(204);
  await put.write('</MPD>');
  expect((await put.end()).status).toBe(201);
  await until(async () => !(await listed()).includes(name));
  expect((await ask(`/${name}/manifest.mpd`, { headers: watching })).status).toBe(404);
});

test('so is one that was deleted before the edge had heard of it', async () => {
  const name = newName();
  const put = await begun(`/${name}/manifest.mpd`);
  await remove(`/${name}/manifest.mpd`);
  await put.write('</MPD>');
  await put.end();
  await until(async () => !(await listed()).includes(name));
});

test('an init segment is gone, and its stream is not', async () => {
  const name = await pushedStream();
  const path = `/${name}/init-stream0.m4s`;
  const bytes = initSegment();
  const put = new Put(path);
  await put.write(bytes.slice(0, 4));
  await remove(path);
  await put.write(bytes.slice(4));
  expect((await put.end()).status).toBe(201);
  expect((await ask(`/${name}/manifest.mpd`, { headers: watching })).status).toBe(200);
  // What comes after the DELETE stays.
  expect((await ask(path, { method: 'PUT', headers: anything, body: initSegment(1) })).status).toBe(201);
  expect(new Uint8Array(await (await ask(path, { headers: watching })).arrayBuffer())).toEqual(initSegment(1));
});
