import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRtpPacket } from '../../agent/rtp/packet.ts';

/** Version 2, payload type 96, sequence number 0x1234, timestamp 0x89abcdef, source 0x01020304. */
const header = (first = 0x80, second = 96): number[] => [first, second, 0x12, 0x34, 0x89, 0xab, 0xcd, 0xef, 1, 2, 3, 4];

const parse = (...bytes: readonly number[]) => parseRtpPacket(Uint8Array.from(bytes));
const payloadOf = (...bytes: readonly number[]): number[] | undefined => {
  const packet = parse(...bytes);
  return packet && [...packet.payload];
};

test('a plain packet', () => {
  expect(parse(...header(), 7, 8, 9)).toEqual({
    marker: false,
    payloadType: 96,
    sequence: 0x1234,
    timestamp: 0x89abcdef,
    source: 0x01020304,
    payload: Uint8Array.of(7, 8, 9),
  });
});

test('the marker is no part of the payload type', () => {
  expect(parse(...header(0x80, 0x80 | 96), 7)).toMatchObject({ marker: true, payloadType: 96 });
});

test('contributing sources, an extension and padding surround the payload', () => {
  const sources = [1, 1, 1, 1, 2, 2, 2, 2];
  const extension = [0xbe, 0xde, 0, 1, 5, 5, 5, 5];
  expect(payloadOf(...header(0x80 | 0x30 | 2), ...sources, ...extension, 7, 8, 0, 0, 3)).toEqual([7, 8]);
});

test('all of it may be padding, or nothing', () => {
  expect(payloadOf(...header(0xa0), 0, 2)).toEqual([]);
  expect(payloadOf(...header())).toEqual([]);
});

test.each([
  ['shorter than a header', header().slice(0, 11)],
  ['of another version', header(0x40)],
  ['with sources beyond its end', [...header(0x82), 1, 2, 3, 4]],
  ['with an extension beyond its end', [...header(0x90), 0, 0, 0, 2, 1, 2, 3, 4]],
  ['with the head of an extension beyond its end', [...header(0x90), 0, 0]],
  ['with more padding than payload', [...header(0xa0), 7, 3]],
])('what is %s is no packet', (_, bytes) => {
  expect(parse(...bytes)).toBeUndefined();
});

test('whatever comes, a payload lies within it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const packet = parseRtpPacket(bytes);
      if (packet === undefined) return;
      expect(packet.payload.buffer).toBe(bytes.buffer);
      expect(packet.payload.length).toBeLessThanOrEqual(bytes.length - 12);
    }),
  );
});
