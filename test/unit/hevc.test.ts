import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hevcConfig, type HevcSets } from '../../agent/cmaf/hevc.ts';
import { parseHevcSps } from '../../agent/cmaf/hevc-sps.ts';
import { ParameterSetError } from '../../agent/cmaf/parameter-set.ts';
import { HEVC_PROGRESSIVE, hevcSps, type HevcPicture } from '../hevc-picture.ts';

const unit = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const setsOf = (vps: string, sps: string, pps: string): HevcSets => ({
  vps: [unit(vps)],
  sps: [unit(sps)],
  pps: [unit(pps)],
});
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What libx265 made through FFmpeg 5.1, and what that wrote of it into the first 22 bytes of an hvcC. */
const X265 = [
  {
    name: '322x182, three B frames, pixels of 12:11',
    sets: setsOf(
      '40010c01ffff01600000030090000003000003003c959409',
      '42010101600000030090000003000003003ca00a480b9c9596565924caf0268080000003008000000c84',
      '4401c172b46240',
    ),
    head: '0101600000009000000000003cf000fcfdf8f800000f',
    told: {
      codecs: 'hvc1.1.6.L60.90',
      ...{ width: 322, height: 182, pixelAspect: { horizontal: 12, vertical: 11 } },
    },
    reordered: 2,
  },
  {
    name: 'Main 10, scaling lists',
    sets: setsOf(
      '40010c01ffff02200000030090000003000003003f928090',
      '42010102200000030090000003000003003fa00502016936592a49395e02d0100000030010000003019080',
      '4401c172b46240',
    ),
    head: '0102200000009000000000003ff000fcfdfafa00000f',
    told: { codecs: 'hvc1.2.4.L63.90', width: 640, height: 360, pixelAspect: { horizontal: 1, vertical: 1 } },
    reordered: 0,
  },
  {
    name: 'Main 4:4:4, range extensions',
    sets: setsOf(
      '40010c01ffff0408000003009e0800000300003c928090',
      '4201010408000003009e0800000300003c9001410173e5cb2555f2bc05a02000000300200000030321',
      '4401c17318311890',
    ),
    head: '0104080000009e08000000003cf000fcfff8f800000f',
    told: { codecs: 'hvc1.4.10.L60.9E.8', width: 320, height: 180, pixelAspect: { horizontal: 1, vertical: 1 } },
    reordered: 0,
  },
];

test.each(X265)("x265's parameter sets make the record that FFmpeg makes: $name", ({ sets, head, told, reordered }) => {
  const config = hevcConfig(sets);
  const withLength = (set: Uint8Array | undefined): string => `0001${uint16(set?.length ?? 0)}${hexOf(set!)}`;
  const arrays = `03a0${withLength(sets.vps[0])}a1${withLength(sets.sps[0])}a2${withLength(sets.pps[0])}`;
  expect(config).toMatchObject({ kind: 'video', codec: 'h265', ...told });
  expect(hexOf(config.record)).toBe(head + arrays);
  expect(parseHevcSps(sets.sps[0]!).reordered).toBe(reordered);
});

const uint16 = (value: number): string => value.toString(16).padStart(4, '0');

const parse = (picture: Partial<HevcPicture>) => parseHevcSps(hevcSps({ ...HEVC_PROGRESSIVE, ...picture }));
const codecsOf = (picture: Partial<HevcPicture>): string =>
  hevcConfig({ vps: [unit('4001')], sps: [hevcSps({ ...HEVC_PROGRESSIVE, ...picture })], pps: [unit('4401')] }).codecs;

test('the codec string is as its standard has it', () => {
  // The two examples of 14496-15, E.3.
  expect(codecsOf({ constraints: [0xb0, 0, 0, 0, 0, 0], level: 93 })).toBe('hvc1.1.6.L93.B0');
  expect(codecsOf({ profile: 2, compatibility: 0x2000_0000, constraints: [0xb0, 0, 0, 0, 0, 0], level: 120 })).toBe(
    'hvc1.2.4.L120.B0',
  );
  expect(codecsOf({ tier: 1, level: 153, constraints: [0, 0, 0, 0, 0, 0] })).toBe('hvc1.1.6.H153');
  expect(codecsOf({ constraints: [0x90, 0, 0x23, 0, 0, 0], compatibility: 0xffff_ffff })).toBe(
    'hvc1.1.FFFFFFFF.L93.90.0.23',
  );
});

test.each([
  ['4:0:0', 0, false, 638, 358],
  ['4:2:0', 1, false, 636, 356],
  ['4:2:2', 2, false, 636, 358],
  ['4:4:4', 3, false, 638, 358],
  ['4:4:4 with its planes apart', 3, true, 638, 358],
])('the window counts in chroma samples: %s', (_, chroma, separatePlanes, width, height) => {
  expect(parse({ chroma, separatePlanes, crop: [1, 1, 1, 1] })).toMatchObject({ width, height });
});

const referenceSet = fc.oneof(
  fc.constant('copy' as const),
  fc.record({ before: fc.nat({ max: 4 }), after: fc.nat({ max: 4 }) }),
);
const picture: fc.Arbitrary<HevcPicture> = fc.record({
  profile: fc.nat({ max: 31 }),
  compatibility: fc.nat({ max: 0xffff_ffff }),
  constraints: fc.array(fc.nat({ max: 255 }), { minLength: 6, maxLength: 6 }),
  tier: fc.nat({ max: 1 }),
  level: fc.nat({ max: 255 }),
  subLayers: fc.array(fc.record({ profile: fc.boolean(), level: fc.boolean() }), { maxLength: 6 }),
  chroma: fc.nat({ max: 3 }),
  separatePlanes: fc.boolean(),
  width: fc.integer({ min: 32, max: 8000 }),
  height: fc.integer({ min: 32, max: 4320 }),
  crop: fc.option(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.nat({ max: 7 })), {
    nil: undefined,
  }),
  depths: fc.tuple(fc.integer({ min: 8, max: 16 }), fc.integer({ min: 8, max: 16 })),
  reordered: fc.nat({ max: 16 }),
  orderForEach: fc.boolean(),
  scaling: fc.boolean(),
  pcm: fc.boolean(),
  referenceSets: fc.array(referenceSet, { maxLength: 12 }),
  longTerm: fc.nat({ max: 5 }),
  aspect: fc.option(
    fc.record({ horizontal: fc.integer({ min: 1, max: 65_535 }), vertical: fc.integer({ min: 1, max: 65_535 }) }),
    { nil: undefined },
  ),
});

test('whatever picture a parameter set describes, it is found', () => {
  fc.assert(
    fc.property(picture, fc.nat({ max: 15 }), (described, id) => {
      const [left, right, top, bottom] = described.crop ?? [0, 0, 0, 0];
      const apart = described.chroma === 3 && described.separatePlanes;
      const unitX = !apart && (described.chroma === 1 || described.chroma === 2) ? 2 : 1;
      const unitY = !apart && described.chroma === 1 ? 2 : 1;
      const { profile, compatibility, constraints, tier, level, chroma, depths, reordered, aspect } = described;
      expect(parseHevcSps(hevcSps(described, id))).toEqual({
        id,
        profile: { space: 0, profile, compatibility, constraints, tier, level },
        temporalLayers: described.subLayers.length + 1,
        temporalIdNested: true,
        ...{ chroma, lumaDepth: depths[0], chromaDepth: depths[1], reordered },
        width: described.width - unitX * (left + right),
        height: described.height - unitY * (top + bottom),
        pixelAspect: aspect ?? { horizontal: 1, vertical: 1 },
      });
    }),
    { numRuns: 1000 },
  );
});

test('where the way to the shape of a pixel breaks off, pixels are square', () => {
  const whole = hevcSps({ ...HEVC_PROGRESSIVE, scaling: true, aspect: { horizontal: 4, vertical: 3 } });
  for (let length = 32; length < whole.length; length++) {
    expect(parseHevcSps(whole.subarray(0, length))).toMatchObject({ width: 640, height: 360 });
  }
});

test.each([
  ['a picture of nothing', { width: 0, height: 0 }, /expected a picture of 1 to 16888 .* got 0x0/],
  ['a picture larger than any level has', { width: 20_000, height: 20_000 }, /got 20000x20000/],
  ['a picture cropped to nothing', { crop: [160, 160, 0, 0] as const }, /got 0x360/],
  ['more bits than there are', { depths: [8, 24] as const }, /expected 8 to 16 bits a sample, got 8 and 24/],
  ['more reordering than there is room for', { reordered: 17 }, /expected 0 to 16 reordered pictures, got 17/],
])('%s is refused with what it said', (_, described, message) => {
  expect(() => parse(described)).toThrow(ParameterSetError);
  expect(() => parse(described)).toThrow(message);
});

test('a record needs sets of all kinds', () => {
  const sps = hevcSps(HEVC_PROGRESSIVE);
  expect(() => hevcConfig({ vps: [], sps: [sps], pps: [sps] })).toThrow(
    'expected a VPS, an SPS and a PPS, got 0, 1 and 1',
  );
  expect(() => hevcConfig({ vps: [sps], sps: [sps], pps: [new Uint8Array(65_536)] })).toThrow('at most 65535 bytes');
});

test('garbage is read or a ParameterSetError, never another kind of failure', () => {
  const whole = hevcSps({ ...HEVC_PROGRESSIVE, scaling: true, referenceSets: ['copy', 'copy'] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: whole.length }), (noise, cut) => {
      for (const bytes of [
        Uint8Array.of(0x42, 1, ...noise),
        noise,
        Uint8Array.of(...whole.subarray(0, cut), ...noise),
      ]) {
        try {
          parseHevcSps(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ParameterSetError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
