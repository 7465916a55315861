import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../agent/config/decode-text.ts';

const TEXT = '{ "name": "Hintertür – Süd" }\n';
const LITTLE = Buffer.from(TEXT, 'utf16le');
const BIG = Buffer.from(LITTLE).swap16();

describe('a text of an editor is read', () => {
  test.for([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
    ['UTF-16, little endian', LITTLE],
    ['UTF-16, little endian, with a byte order mark', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')],
    ['UTF-16, big endian', BIG],
    ['UTF-16, big endian, with a byte order mark', Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16()],
  ] as const)('%s', ([, bytes]) => {
    expect(decodeText(bytes)).toBe(TEXT);
  });

  test('whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const whole = `[${text.replaceAll('\0', '')}]`;
        expect(decodeText(Buffer.from(whole))).toBe(whole);
      }),
    );
  });

  test('nothing is nothing', () => expect(decodeText(new Uint8Array())).toBe(''));
});

describe('a text of another encoding', () => {
  test('Latin-1: says where it shows, and what to do', () => {
    expect(decodeText(Buffer.from('{\n  "name": "Hintertür" }', 'latin1'))).toEqual({
      problem:
        'expected text in UTF-8, got a byte that is none (line 2, column 19), as in Latin-1 or Windows-1252: save it as UTF-8',
    });
  });

  test('UTF-32: says so', () => {
    expect(decodeText(Uint8Array.of(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0))).toEqual({
      problem: 'expected text in UTF-8, got UTF-32: save it as UTF-8',
    });
  });

  test('cut off in the middle of a character: says so', () => {
    expect(decodeText(Buffer.from('"ü').subarray(0, 2))).toEqual({
      problem: 'expected text in UTF-8, got one that ends in the middle of a character (line 1, column 2)',
    });
  });

  test('half a character of UTF-16', () => {
    expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d))).toEqual({
      problem: 'expected text in UTF-8, got broken UTF-16: save it as UTF-8',
    });
  });
});
