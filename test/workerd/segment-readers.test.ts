/** Readers who do not keep up with a segment while it is made. */
import { expect, test } from 'vitest';
import worker from '../../worker/index.ts';
import { dueSegment, Put, Viewer } from './support.ts';

const piece = (index: number): string => String.fromCharCode(97 + (index % 26)).repeat(40_000);
const pieces = (count: number): string => Array.from({ length: count }, (_, index) => piece(index)).join('');

test('one who reads nothing until the segment is complete gets it to its end', async () => {
  const { path } = await dueSegment();
  const put = new Put(path);
  const stalled = await Viewer.open(path);
  for (let index = 0; index < 40; index += 1) await put.write(piece(index));
  expect((await put.end()).status).toBe(201);
  expect((await stalled.whole()) === pieces(40)).toBe(true);
});

test('one who reads nothing for a while gets what has come and then, without delay, what comes', async () => {
  const { path } = await dueSegment();
  const put = new Put(path);
  const stalled = await Viewer.open(path);
  for (let index = 0; index < 40; index += 1) await put.write(piece(index));
  await stalled.receives(pieces(40));
  await put.write(piece(40));
  await stalled.receives(pieces(41));
  await put.end();
  expect((await stalled.whole()) === pieces(41)).toBe(true);
});

test('the Worker offers nothing but fetch to whoever reaches it by other ways than HTTP', () => {
  expect(Object.keys(worker)).toEqual(['fetch']);
});
