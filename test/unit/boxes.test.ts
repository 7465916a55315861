import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoxError, boxContent, splitBoxes } from '../../protocol/boxes.ts';

interface Written {
  readonly type: string;
  readonly content: Uint8Array;
  readonly bytes: Uint8Array;
}

function written(type: string, content: Uint8Array, large: boolean): Written {
  const headerSize = large ? 16 : 8;
  const bytes = new Uint8Array(headerSize + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, large ? 1 : bytes.length);
  for (let index = 0; index < 4; index++) view.setUint8(4 + index, type.charCodeAt(index));
  if (large) view.setBigUint64(8, BigInt(bytes.length));
  bytes.set(content, headerSize);
  return { type, content, bytes };
}

const concat = (...pieces: readonly Uint8Array[]): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]));

const someBox = fc
  .record({
    type: fc.string({ minLength: 4, maxLength: 4, unit: 'grapheme-ascii' }),
    content: fc.uint8Array({ maxLength: 40 }),
    large: fc.boolean(),
  })
  .map(({ type, content, large }) => written(type, content, large));

const found = (bytes: Uint8Array) =>
  splitBoxes(bytes).boxes.map((box) => ({ type: box.type, content: [...boxContent(bytes, box)] }));

const told = (boxes: readonly Written[]) => boxes.map(({ type, content }) => ({ type, content: [...content] }));

test('whole boxes are found, and nothing is left over', () => {
  fc.assert(
    fc.property(fc.array(someBox), (boxes) => {
      const bytes = concat(...boxes.map((box) => box.bytes));
      expect(found(bytes)).toEqual(told(boxes));
      expect(splitBoxes(bytes).length).toBe(bytes.length);
    }),
  );
});

test('wherever the bytes are split, the boxes that come of them are the same', () => {
  fc.assert(
    fc.property(fc.array(someBox), fc.array(fc.nat({ max: 60 })), (boxes, sizes) => {
      const stream = concat(...boxes.map((box) => box.bytes));
      const got: { type: string; content: number[] }[] = [];
      let kept: Uint8Array = new Uint8Array();
      let position = 0;
      for (const size of [...sizes, stream.length]) {
        const bytes = concat(kept, stream.subarray(position, position + size));
        position += size;
        got.push(...found(bytes));
        kept = bytes.subarray(splitBoxes(bytes).length);
      }
      expect(got).toEqual(told(boxes));
      expect(kept.length).toBe(0);
    }),
  );
});

test('of a truncated box nothing is told', () => {
  fc.assert(
    fc.property(someBox, someBox, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (first, last, cut) => {
      const bytes = concat(first.bytes, last.bytes.subarray(0, Math.floor(cut * last.bytes.length)));
      expect(found(bytes)).toEqual(told([first]));
      expect(splitBoxes(bytes).length).toBe(first.bytes.length);
    }),
  );
});

test('bytes that lie inside a larger buffer are read from where they start', () => {
  const box = written('free', Uint8Array.of(1, 2, 3), false);
  const bytes = concat(Uint8Array.of(9, 9, 9), box.bytes).subarray(3);
  expect(found(bytes)).toEqual(told([box]));
});

test('a size smaller than its own header is an error that says where', () => {
  const good = written('free', new Uint8Array(4), false).bytes;
  for (const size of [0, 2, 7]) {
    const bad = concat(good, Uint8Array.of(0, 0, 0, size), new TextEncoder().encode('mdat'));
    expect(() => splitBoxes(bad)).toThrow(BoxError);
    expect(() => splitBoxes(bad)).toThrow(/"mdat" at byte 12: expected a size of at least 8, got/);
  }
  const large = concat(Uint8Array.of(0, 0, 0, 1), new TextEncoder().encode('mdat'), new Uint8Array(8));
  expect(() => splitBoxes(large)).toThrow(/at least 16, got 0/);
});
