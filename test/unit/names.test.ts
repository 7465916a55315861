import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isClientName,
  isRepresentationId,
  isStreamName,
  parseSegmentNumber,
  representationIdSchema,
  RESERVED_NAMES,
  streamNameSchema,
} from '../../protocol/names.ts';

test('names people give streams are names', () => {
  for (const name of ['a', 'cam1', 'Front_door', '_x', 'a.b~c', '0', 'a'.repeat(64)]) {
    expect(isStreamName(name), name).toBe(true);
    expect(streamNameSchema.parse(name)).toBe(name);
  }
});

test('what could lead out of a stream is no name', () => {
  const bad = ['', '.', '..', '.hidden', '~root', 'a-b', 'a/b', 'a\\b', 'a%2Fb', 'a b', 'é', 'a\n', 'a'.repeat(65)];
  for (const name of [...bad, ...RESERVED_NAMES]) {
    expect(isStreamName(name), JSON.stringify(name)).toBe(false);
    expect(() => streamNameSchema.parse(name)).toThrow(/expected a stream name/);
  }
});

test('a name needs no escaping in a URL, and stays one path part', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 70 }), (text) => {
      fc.pre(isStreamName(text) || isClientName(text));
      fc.pre(text !== '.' && text !== '..'); // as a client only ever behind `{stream}-`
      expect(encodeURIComponent(text)).toBe(text);
      expect(new URL(`http://edge/${text}/x`).pathname).toBe(`/${text}/x`);
    }),
  );
});

test('a client may hold dashes', () => {
  expect(isClientName('3f2504e0-4f89-11d3-9a0c-0305e82c3301')).toBe(true);
  expect(isClientName('')).toBe(false);
  expect(isClientName('a/b')).toBe(false);
});

test('a representation is a small number', () => {
  for (const id of ['0', '7', '00', '999']) expect(isRepresentationId(id)).toBe(true);
  for (const id of ['', '1000', '-1', '1.0', ' 1', '1\n', 'x']) {
    expect(isRepresentationId(id), id).toBe(false);
    expect(() => representationIdSchema.parse(id)).toThrow(/expected a representation id/);
  }
});

test('a segment number is decimal and exact, with leading zeros or without', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e15 - 1 }), fc.nat({ max: 15 }), (number, digits) => {
      expect(parseSegmentNumber(`${number}`.padStart(digits, '0'))).toBe(number);
      expect(Number.isSafeInteger(number)).toBe(true);
    }),
  );
  for (const text of ['', '-1', '1.5', '1e3', '0x10', ' 1', '1\n', '9'.repeat(16)]) {
    expect(parseSegmentNumber(text), JSON.stringify(text)).toBeUndefined();
  }
});
