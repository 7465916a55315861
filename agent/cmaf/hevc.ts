import type { VideoConfig } from '../media/track.ts';
import { parseHevcSps, type HevcProfile, type HevcSps } from './hevc-sps.ts';
import { ParameterSetError } from './parameter-set.ts';

/** HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3) and what else a track says of H.265. */

/** NAL unit types, in the order in which a record has them. */
const VPS = 32;
const SPS = 33;
const PPS = 34;

const MAX_SET_BYTES = 0xffff;

/** Whole NAL units without start codes, one of each kind at least; the first SPS is taken for the stream's. */
export interface HevcSets {
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

/** @throws ParameterSetError */
export function hevcConfig(sets: HevcSets): VideoConfig {
  const [first] = sets.sps;
  if (first === undefined || sets.vps.length === 0 || sets.pps.length === 0) {
    const got = `${sets.vps.length}, ${sets.sps.length} and ${sets.pps.length}`;
    throw new ParameterSetError(`hvcC: expected a VPS, an SPS and a PPS, got ${got}`);
  }
  const sps = parseHevcSps(first);
  const { width, height, pixelAspect } = sps;
  const codecs = codecString(sps.profile);
  return { kind: 'video', codec: 'h265', record: record(sps, sets), codecs, width, height, pixelAspect };
}

/**
 * 14496-15, E.3: profile with its space as a letter; compatibility in hex, its bits in reverse; tier and level; each
 * constraint byte in hex, but for zeros at the end.
 */
function codecString({ space, profile, compatibility, tier, level, constraints }: HevcProfile): string {
  const letter = ['', 'A', 'B', 'C'][space] ?? '';
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + (Math.floor(compatibility / 2 ** bit) % 2);
  const told = constraints.slice(0, constraints.findLastIndex((byte) => byte !== 0) + 1);
  return [
    'hvc1',
    `${letter}${profile}`,
    hex(reversed),
    `${tier === 0 ? 'L' : 'H'}${level}`,
    ...told.map((byte) => hex(byte)),
  ].join('.');
}

function record(sps: HevcSps, { vps, sps: spsUnits, pps }: HevcSets): Uint8Array {
  const { profile } = sps;
  return Uint8Array.from([
    1, // configurationVersion
    (profile.space << 6) | (profile.tier << 5) | profile.profile,
    ...[24, 16, 8, 0].map((shift) => (profile.compatibility >>> shift) & 0xff),
    ...profile.constraints,
    profile.level,
    ...[0xf0, 0], // min_spatial_segmentation_idc: not told
    0xfc, // parallelismType: not told
    0xfc | sps.chroma,
    0xf8 | (sps.lumaDepth - 8),
    0xf8 | (sps.chromaDepth - 8),
    ...[0, 0], // avgFrameRate: not told
    // constantFrameRate: not told; 4 bytes of length before each NAL unit
    (sps.temporalLayers << 3) | (sps.temporalIdNested ? 4 : 0) | 3,
    3,
    ...arrayOf(VPS, vps),
    ...arrayOf(SPS, spsUnits),
    ...arrayOf(PPS, pps),
  ]);
}

/** All units of a type: none are in the samples (`array_completeness`, which `hvc1` demands). */
const arrayOf = (type: number, units: readonly Uint8Array[]): number[] => [
  0x80 | type,
  ...[units.length >> 8, units.length & 0xff],
  ...units.flatMap((unit) => {
    if (unit.length > MAX_SET_BYTES) {
      throw new ParameterSetError(
        `hvcC: expected a parameter set of at most ${MAX_SET_BYTES} bytes, got ${unit.length}`,
      );
    }
    return [unit.length >> 8, unit.length & 0xff, ...unit];
  }),
];

const hex = (value: number): string => value.toString(16).toUpperCase();
