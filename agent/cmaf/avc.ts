import type { VideoConfig } from '../media/track.ts';
import { parseAvcSps, type AvcSps } from './avc-sps.ts';
import { ParameterSetError } from './parameter-set.ts';

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3): what is in one, and how one is made. */

/** Profiles whose record ends before the chroma is told of (5.3.3.1.2): Baseline, Main, Extended. */
const PLAIN_PROFILES: ReadonlySet<number> = new Set([66, 77, 88]);

/** Sets of a kind that a record has room for. */
const MAX_SPS = 31;
const MAX_PPS = 255;
const MAX_SET_BYTES = 0xffff;

/**
 * @param record as an encoder hands it over
 * @throws ParameterSetError
 */
export function avcConfig(record: Uint8Array): VideoConfig {
  const [version, profile, compatibility, level, , spsCount, lengthHigh, lengthLow] = record;
  if (version !== 1) throw new ParameterSetError(`avcC: expected version 1, got ${version ?? 'no bytes'}`);
  if (spsCount === undefined || (spsCount & 0x1f) === 0) {
    throw new ParameterSetError('avcC: expected a sequence parameter set, got none');
  }
  const end = 8 + (lengthHigh ?? 0) * 256 + (lengthLow ?? 0);
  if (end > record.length) {
    throw new ParameterSetError(`avcC: expected at least ${end} bytes, got ${record.length}`);
  }
  const { width, height, pixelAspect } = parseAvcSps(record.subarray(8, end));
  const codecs = `avc1.${[profile, compatibility, level].map((byte = 0) => hex(byte)).join('')}`;
  return { kind: 'video', codec: 'h264', record, codecs, width, height, pixelAspect };
}

/**
 * @param sets whole NAL units without start codes, one of each kind at least; the first SPS is taken for the stream's
 * @throws ParameterSetError
 */
export function avcRecord(sets: {
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}): Uint8Array {
  const { sps, pps } = sets;
  const [first] = sps;
  if (first === undefined || pps.length === 0) {
    throw new ParameterSetError(`avcC: expected an SPS and a PPS, got ${sps.length} and ${pps.length}`);
  }
  if (sps.length > MAX_SPS || pps.length > MAX_PPS) {
    throw new ParameterSetError(
      `avcC: expected at most ${MAX_SPS} SPS and ${MAX_PPS} PPS, got ${sps.length} and ${pps.length}`,
    );
  }
  const parsed = parseAvcSps(first);
  return Uint8Array.from([
    ...[1, parsed.profile, parsed.compatibility, parsed.level],
    0xff, // 4 bytes of length before each NAL unit
    ...[0xe0 | sps.length, ...sps.flatMap(withLength)],
    ...[pps.length, ...pps.flatMap(withLength)],
    ...(PLAIN_PROFILES.has(parsed.profile) ? [] : chromaOf(parsed)),
  ]);
}

/** The end of a record: chroma format, depths, no SPS extensions. */
const chromaOf = ({ chroma, lumaDepth, chromaDepth }: AvcSps): number[] => [
  ...[0xfc | chroma, 0xf8 | (lumaDepth - 8), 0xf8 | (chromaDepth - 8)],
  0,
];

function withLength(set: Uint8Array): number[] {
  if (set.length > MAX_SET_BYTES) {
    throw new ParameterSetError(`avcC: expected a parameter set of at most ${MAX_SET_BYTES} bytes, got ${set.length}`);
  }
  return [set.length >> 8, set.length & 0xff, ...set];
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0').toUpperCase();
