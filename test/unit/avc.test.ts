import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AvcError, parseDecoderConfiguration } from '../../agent/cmaf/avc.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** What libx264 makes of 322x182, 25 fps, through FFmpeg 5.1: High@1.3, two cropped columns and lines. */
const X264 = bytesOf(
  '0164000d ffe1001a 6764000d acb40a8c f1136022 00000300 02000003 0065 1e285540 01000468 ef0fcb fd f8f8 00',
);

/** Writes bits as H.264 has them (7.2, 9.1), to make any SPS there may be. */
class Bits {
  text = '';
  u(count: number, value: number): this {
    this.text += value.toString(2).padStart(count, '0');
    return this;
  }
  ue(value: number): this {
    const code = (value + 1).toString(2);
    this.text += '0'.repeat(code.length - 1) + code;
    return this;
  }
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }
  /** With the trailing bits, and emulation prevention (7.4.1). */
  nalUnit(): number[] {
    const padded = `${this.text}1`.padEnd(Math.ceil((this.text.length + 1) / 8) * 8, '0');
    const escaped: number[] = [];
    let zeros = 0;
    for (const [byte] of padded.matchAll(/.{8}/g)) {
      const value = Number.parseInt(byte, 2);
      if (zeros >= 2 && value <= 3) {
        escaped.push(3);
        zeros = 0;
      }
      escaped.push(value);
      zeros = value === 0 ? zeros + 1 : 0;
    }
    return escaped;
  }
}

interface Picture {
  readonly profile: number;
  readonly chroma: number;
  readonly separatePlanes: boolean;
  /** Scales of the first lists, each as far as given; undefined: no scaling matrix. */
  readonly scaling: readonly (readonly number[])[] | undefined;
  readonly orderCount: { readonly type: number; readonly offsets: readonly number[] };
  readonly across: number;
  readonly down: number;
  readonly interlaced: boolean;
  readonly crop: readonly [number, number, number, number] | undefined;
  readonly aspect: { readonly index: number; readonly horizontal: number; readonly vertical: number } | undefined;
}

const PROGRESSIVE: Picture = {
  profile: 77,
  chroma: 1,
  separatePlanes: false,
  scaling: undefined,
  orderCount: { type: 2, offsets: [] },
  across: 40,
  down: 30,
  interlaced: false,
  crop: undefined,
  aspect: undefined,
};

const HIGH = [100, 110, 122, 244, 44];

function sps(picture: Picture): number[] {
  const bits = new Bits().u(8, 0x67).u(8, picture.profile).u(8, 0).u(8, 31).ue(0);
  if (HIGH.includes(picture.profile)) {
    bits.ue(picture.chroma);
    if (picture.chroma === 3) bits.u(1, picture.separatePlanes ? 1 : 0);
    bits
      .ue(0)
      .ue(0)
      .u(1, 0)
      .u(1, picture.scaling === undefined ? 0 : 1);
    for (let list = 0; picture.scaling !== undefined && list < (picture.chroma === 3 ? 12 : 8); list++) {
      const scales = picture.scaling[list];
      bits.u(1, scales === undefined ? 0 : 1);
      if (scales === undefined) continue;
      const size = list < 6 ? 16 : 64;
      let last = 8;
      for (const scale of scales.slice(0, size)) {
        bits.se(((scale - last + 128 + 256) % 256) - 128);
        last = scale;
      }
      if (scales.length < size) bits.se(((0 - last + 128 + 256) % 256) - 128); // the rest is as it was
    }
  }
  bits.ue(4).ue(picture.orderCount.type);
  if (picture.orderCount.type === 0) bits.ue(6);
  if (picture.orderCount.type === 1) {
    bits.u(1, 0).se(-3).se(5).ue(picture.orderCount.offsets.length);
    for (const offset of picture.orderCount.offsets) bits.se(offset);
  }
  bits
    .ue(1)
    .u(1, 0)
    .ue(picture.across - 1)
    .ue(picture.down - 1);
  bits.u(1, picture.interlaced ? 0 : 1);
  if (picture.interlaced) bits.u(1, 1);
  bits.u(1, 1).u(1, picture.crop === undefined ? 0 : 1);
  for (const side of picture.crop ?? []) bits.ue(side);
  bits.u(1, picture.aspect === undefined ? 0 : 1);
  if (picture.aspect !== undefined) {
    bits.u(1, 1).u(8, picture.aspect.index);
    if (picture.aspect.index === 255) bits.u(16, picture.aspect.horizontal).u(16, picture.aspect.vertical);
    bits.u(4, 0);
  }
  return bits.nalUnit();
}

const record = (parameterSet: readonly number[]): Uint8Array => {
  const header = [1, parameterSet[1] ?? 0, 0, 31, 0xff, 0xe1, parameterSet.length >> 8, parameterSet.length & 0xff];
  return Uint8Array.from([...header, ...parameterSet, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80]);
};

const parse = (picture: Partial<Picture>) => parseDecoderConfiguration(record(sps({ ...PROGRESSIVE, ...picture })));

test("x264's record, with emulation prevention in it and odd sizes", () => {
  expect(parseDecoderConfiguration(X264)).toEqual({
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
  across: fc.integer({ min: 2, max: 1000 }),
  down: fc.integer({ min: 2, max: 1000 }),
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
  expect(() => parseDecoderConfiguration(bytesOf(hex))).toThrow(AvcError);
  expect(() => parseDecoderConfiguration(bytesOf(hex))).toThrow(message);
});

test('a picture cropped to nothing, or larger than a sample entry can say, is an error', () => {
  expect(() => parse({ across: 2, crop: [8, 8, 0, 0] })).toThrow(/expected a picture of 1 to 65535 .* got 0x480/);
  expect(() => parse({ across: 4097 })).toThrow(/got 65552x480/);
});

test('garbage is read or an AvcError, never another kind of failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), fc.nat({ max: X264.length }), (noise, cut) => {
      for (const bytes of [record([0x67, ...noise]), X264.subarray(0, cut)]) {
        try {
          parseDecoderConfiguration(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AvcError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
