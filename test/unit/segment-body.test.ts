import { expect, test } from 'vitest';
import { splitBoxes } from '../../protocol/boxes.ts';
import { segmentEnding } from '../../agent/upload/ending.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** What goes out until there is no more, by size. */
async function sizesOf(body: SegmentBody): Promise<number[]> {
  const sizes: number[] = [];
  for await (const piece of body.read()) sizes.push(piece.byteLength);
  return sizes;
}

test('a piece goes out as it is, uncopied, as soon as it is there', async () => {
  const body = new SegmentBody();
  const reading = body.read();
  for (const piece of [bytes(10, 1), bytes(20, 2)]) {
    const next = reading.next();
    body.append(piece);
    expect((await next).value).toBe(piece);
  }
});

test('the last fragment and the ending go out in one', async () => {
  const body = new SegmentBody();
  const reading = body.read();
  const next = reading.next();
  body.append(bytes(3, 1));
  body.append(bytes(2, 2));
  body.end();
  expect((await next).value).toEqual(Buffer.from([1, 1, 1, 2, 2]));
  expect((await reading.next()).done).toBe(true);
});

test('what is sent again goes out in few pieces, none of which is larger than the edge reads', async () => {
  const body = new SegmentBody();
  for (const size of [100, 30_000, 30_000, 30_000, 140_000, 100, 100]) body.append(bytes(size, 0));
  body.end();
  expect(await sizesOf(body)).toEqual([60_100, 30_000, 65_536, 65_536, 8928, 200]);
});

test('an ending is one box, which players skip, with the name of the run', () => {
  const ending = segmentEnding('run-1');
  const { boxes, length } = splitBoxes(ending);
  expect(boxes.map(({ type }) => type)).toEqual(['mdat']);
  expect(length).toBe(ending.byteLength);
  expect(Buffer.from(ending).toString('latin1')).toContain('run-1');
});
