import fc from 'fast-check';
import { expect, test } from 'vitest';
import { avcConfig, avcRecord } from '../../agent/cmaf/avc.ts';
import { parseAvcSps } from '../../agent/cmaf/avc-sps.ts';
import { ParameterSetError } from '../../agent/cmaf/parameter-set.ts';
import { HIGH, PROGRESSIVE, sps, type Picture } from '../avc-picture.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** What libx264 makes of 322x182, 25 fps, through FFmpeg 5.1: High@1.3, two cropped columns and lines. */
const X264 = bytesOf(
  '0164000d ffe1001a 6764000d acb40a8c f1136022 00000300 02000003 0065 1e285540 01000468 ef0fcb fd f8f8 00',
);

const record = (parameterSet: readonly number[]): Uint8Array => {
  const header = [1, parameterSet[1] ?? 0, 0, 31, 0xff, 0xe1, parameterSet.length >> 8, parameterSet.length & 0xff];
  return Uint8Array.from([...header, ...parameterSet, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80]);
};

const parse = (picture: Partial<Picture>) => avcConfig(record(sps({ ...PROGRESSIVE, ...picture })));

test("x264's record, with emulation prevention in it and odd sizes", () => {
  expect(avcConfig(X264)).toEqual({
    kind: 'video',
    codec: 'h264',
    record: X264,
    codecs: 'avc1.64000D',
    width: 322,
    height: 182,
    pixelAspect: { horizontal: 1, vertical: 1 },
  });
});

test('a plain picture of main profile', () => {
  expect(parse({})).toMatchObject({ codecs: 'avc1.4D001F', width: 640, height: 480 });
});

test('1080 lines are 68 macroblocks cropped by 8', () => {
  expect(parse({ across: 120, down: 68, crop: [0, 0, 0, 4] })).toMatchObject({ width: 1920, height: 1080 });
  const interlaced = { across: 120, down: 34, interlaced: true };
  expect(parse({ ...interlaced, crop: [0, 0, 0, 2] })).toMatchObject({ width: 1920, height: 1080 });
});

test.each([
  ['4:0:0', 0, false, 638, 478],
  ['4:2:0', 1, false, 636, 476],
  ['4:2:2', 2, false, 636, 478],
  ['4:4:4', 3, false, 638, 478],
  ['4:4:4 with its planes apart', 3, true, 638, 478],
])('cropping counts in chroma samples: %s', (_, chroma, separatePlanes, width, height) => {
  expect(parse({ profile: 244, chroma, separatePlanes, crop: [1, 1, 1, 1] })).toMatchObject({ width, height });
});

test.each([
  ['unspecified', 0, [1, 1]],
  ['square', 1, [1, 1]],
  ['PAL 4:3', 2, [12, 11]],
  ['anamorphic 1440', 14, [4, 3]],
  ['reserved', 200, [1, 1]],
  ['given in full', 255, [17, 30000]],
])('shape of a pixel: %s', (_, index, [horizontal, vertical]) => {
  const aspect = { index, horizontal: 17, vertical: 30000 };
  expect(parse({ aspect }).pixelAspect).toEqual({ horizontal, vertical });
});

test('a shape of 0 in full means unspecified', () => {
  expect(parse({ aspect: { index: 255, horizontal: 0, vertical: 9 } }).pixelAspect).toEqual({
    horizontal: 1,
    vertical: 1,
  });
});

const scale = fc.integer({ min: 1, max: 255 });
const picture: fc.Arbitrary<Picture> = fc.record({
  profile: fc.constantFrom(66, 77, 88, ...HIGH),
  chroma: fc.nat({ max: 3 }),
  separatePlanes: fc.boolean(),
  scaling: fc.option(fc.array(fc.array(scale, { maxLength: 64 }), { maxLength: 12 }), { nil: undefined }),
  orderCount: fc.record({
    type: fc.nat({ max: 2 }),
    offsets: fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 10 }),
  }),
  across: fc.integer({ min: 2, max: 500 }),
  down: fc.integer({ min: 2, max: 130 }),
  interlaced: fc.boolean(),
  crop: fc.option(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 })), {
    nil: undefined,
  }),
  aspect: fc.option(
    fc.record({
      index: fc.constant(255),
      horizontal: fc.integer({ min: 1, max: 65535 }),
      vertical: fc.integer({ min: 1, max: 65535 }),
    }),
    { nil: undefined },
  ),
  usability: fc.option(
    fc.record({ full: fc.boolean(), reordered: fc.option(fc.nat({ max: 16 }), { nil: undefined }) }),
    { nil: undefined },
  ),
});

const reordered = (described: Partial<Picture>): number | undefined =>
  parseAvcSps(Uint8Array.from(sps({ ...PROGRESSIVE, orderCount: { type: 0, offsets: [] }, ...described }))).reordered;

test('whether there may be B frames is told by the profile, the order count or the usability information, or not at all', () => {
  expect(reordered({})).toBeUndefined();
  expect(reordered({ profile: 66 })).toBe(0);
  expect(reordered({ orderCount: { type: 2, offsets: [] } })).toBe(0);
  expect(reordered({ usability: { full: true, reordered: 2 } })).toBe(2);
  expect(reordered({ usability: { full: false, reordered: 0 } })).toBe(0);
  expect(reordered({ usability: { full: true, reordered: undefined } })).toBeUndefined();
  expect(reordered({ usability: { full: false, reordered: 17 } })).toBeUndefined();
});

test('usability information that breaks off counts for nothing', () => {
  const whole = sps({ ...PROGRESSIVE, usability: { full: true, reordered: 2 } });
  for (let length = 12; length < whole.length; length++) {
    expect(parseAvcSps(Uint8Array.from(whole.slice(0, length)))).toMatchObject({ width: 640, height: 480 });
  }
});

test('whatever picture a parameter set describes, its size and shape are found', () => {
  fc.assert(
    fc.property(picture, (described) => {
      const chroma = HIGH.includes(described.profile) ? described.chroma : 1;
      const fields = described.interlaced ? 2 : 1;
      const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
      const unitY = chroma === 1 ? 2 : 1;
      const [left, right, top, bottom] = described.crop ?? [0, 0, 0, 0];
      expect(parse(described)).toMatchObject({
        width: described.across * 16 - unitX * (left + right),
        height: fields * (described.down * 16 - unitY * (top + bottom)),
        pixelAspect: {
          horizontal: described.aspect?.horizontal ?? 1,
          vertical: described.aspect?.vertical ?? 1,
        },
      });
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['nothing', '', 'avcC: expected version 1, got no bytes'],
  ['Annex B', '00000001 6764000d', 'avcC: expected version 1, got 0'],
  ['a record that ends too early', '0164000d ff', 'avcC: expected a sequence parameter set, got none'],
  ['no SPS', '0164000d ffe0 0001', 'avcC: expected a sequence parameter set, got none'],
  ['a truncated SPS', '0164000d ffe1001a 6764', 'avcC: expected at least 34 bytes, got 10'],
  ['a PPS for an SPS', '0164000d ffe10004 68ef0fcb', 'SPS: expected NAL unit type 7, got 8'],
  ['an SPS too short for its contents', '0164000d ffe10004 6764000d', 'SPS: expected more than 4 bytes'],
  ['endless zeros', `0164000d ffe10010 6764000d ${'00'.repeat(12)}`, 'up to 32 leading zeros'],
])('%s is an error that says what was expected', (_, hex, message) => {
  expect(() => avcConfig(bytesOf(hex))).toThrow(ParameterSetError);
  expect(() => avcConfig(bytesOf(hex))).toThrow(message);
});

test('a picture cropped to nothing, or larger than any level has, is an error that says what it is', () => {
  expect(() => parse({ across: 2, crop: [8, 8, 0, 0] })).toThrow(/expected a picture of 1 to 16888 .* got 0x480/);
  expect(() => parse({ across: 1250, down: 1250 })).toThrow(/got 20000x20000/);
  expect(() => parse({ across: 1000, down: 500 })).toThrow(/35651584 at most in all, got 16000x8000/);
});

test('a record is made as x264 makes it', () => {
  const [spsUnit, ppsUnit] = [X264.subarray(8, 34), X264.subarray(37, 41)];
  expect(avcRecord({ sps: [spsUnit], pps: [ppsUnit] })).toEqual(X264);
});

test('whatever picture a parameter set describes, its record says the same, and holds the sets', () => {
  fc.assert(
    fc.property(
      picture,
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1 }),
      (described, pps) => {
        const set = Uint8Array.from(sps(described));
        const made = avcRecord({ sps: [set, set], pps });
        const config = avcConfig(made);
        const { width, height, pixelAspect } = parseAvcSps(set);
        expect(config).toMatchObject({ width, height, pixelAspect });
        expect(config.codecs).toBe(`avc1.${Buffer.from(set.subarray(1, 4)).toString('hex').toUpperCase()}`);
        for (const unit of [set, ...pps]) {
          const framed = Buffer.concat([Buffer.of(unit.length >> 8, unit.length & 0xff), unit]);
          expect(Buffer.from(made).includes(framed)).toBe(true);
        }
      },
    ),
  );
});

test('a record needs sets of both kinds, and no more than it has room for', () => {
  const set = Uint8Array.from(sps(PROGRESSIVE));
  expect(() => avcRecord({ sps: [set], pps: [] })).toThrow('avcC: expected an SPS and a PPS, got 1 and 0');
  expect(() => avcRecord({ sps: [], pps: [set] })).toThrow('got 0 and 1');
  expect(() => avcRecord({ sps: Array.from({ length: 32 }, () => set), pps: [set] })).toThrow('got 32 and 1');
  expect(() => avcRecord({ sps: [set], pps: [new Uint8Array(65_536)] })).toThrow('at most 65535 bytes, got 65536');
});

test('garbage is read or a ParameterSetError, never another kind of failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), fc.nat({ max: X264.length }), (noise, cut) => {
      for (const bytes of [record([0x67, ...noise]), X264.subarray(0, cut)]) {
        try {
          avcConfig(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ParameterSetError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
