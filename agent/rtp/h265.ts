import {
  AFTER,
  BEFORE,
  beginsWithRecoveryPoint,
  defragment,
  disaggregate,
  KEY_SLICE,
  NONE,
  PARAMETERS,
  SLICE,
  type NalFormat,
  type NalKind,
} from './nal-format.ts';
import type { NalUnit } from './nal-unit.ts';
import type { NalUnits } from './nal-units.ts';

/** NAL unit types (ITU-T H.265, table 7-1). */
const LAST_LEADING = 9;
const FIRST_SKIPPED = 8;
const FIRST_RANDOM_ACCESS = 16;
const FIRST_IDR = 19;
const CLEAN_RANDOM_ACCESS = 21;
export const VPS = 32;
export const SPS = 33;
export const PPS = 34;
const DELIMITER = 35;
const END_OF_SEQUENCE = 36;
const END_OF_BITSTREAM = 37;
const PREFIX_SEI = 39;
const SUFFIX_SEI = 40;

/** Payload structures (RFC 7798, 4.4): aggregation and fragmentation; those above are other codings. */
const AGGREGATION = 48;
const FRAGMENTATION = 49;

const START = 0x80;
const END = 0x40;
const TYPE = 0x3f;

const SKIPPED_SLICE: NalKind = { ...SLICE, skipped: true };
const OPEN_SLICE: NalKind = { ...KEY_SLICE, open: true };

const typeOf = (header: number): number => (header >> 1) & TYPE;

/**
 * H.265 in RTP (RFC 7798), without decoding order numbers, which have to be asked for.
 *
 * Keyframes are all random access pictures, IDR, BLA and CRA, as Chromium counts them (`HEVC::AnalyzeAnnexB`) and 14496-15
 * lets them be sync samples: cameras with open GOPs have no other. What follows one but is seen before it may refer to what
 * was before: decoders that begin with it skip those (8.1.3), and so do we after a loss.
 */
export const H265: NalFormat = {
  headerBytes: 2,
  kindOf(unit: NalUnit): NalKind {
    const [first, second] = [unit.byte(0), unit.byte(1)];
    const layer = ((first & 1) << 5) | (second >> 3);
    if (layer !== 0) return NONE;
    const type = typeOf(first);
    if (type <= LAST_LEADING) return type >= FIRST_SKIPPED ? SKIPPED_SLICE : SLICE;
    if (type >= FIRST_RANDOM_ACCESS && type <= CLEAN_RANDOM_ACCESS) {
      return type >= FIRST_IDR && type !== CLEAN_RANDOM_ACCESS ? KEY_SLICE : OPEN_SLICE;
    }
    switch (type) {
      case VPS:
      case SPS:
      case PPS:
        return PARAMETERS;
      case DELIMITER:
      case PREFIX_SEI:
        return BEFORE;
      case END_OF_SEQUENCE:
      case END_OF_BITSTREAM:
      case SUFFIX_SEI:
        return AFTER;
      default:
        return NONE;
    }
  },
  /** `first_slice_segment_in_pic_flag` (7.3.6.1). */
  beginsPicture: (slice: NalUnit): boolean => (slice.byte(2) & 0x80) !== 0,
  isRecoveryPoint: (unit: NalUnit): boolean => typeOf(unit.byte(0)) === PREFIX_SEI && beginsWithRecoveryPoint(unit, 2),
  goesOn: (payload: Uint8Array): boolean =>
    typeOf(payload[0] ?? 0) === FRAGMENTATION && ((payload[2] ?? 0) & START) === 0,
  depacketize(payload: Uint8Array, units: NalUnits): void {
    const [first = 0, second = 0, fu = 0] = payload;
    const type = typeOf(first);
    if (type === AGGREGATION) return disaggregate(payload, 2, units);
    if (type > FRAGMENTATION) return;
    if (type !== FRAGMENTATION) return units.whole(payload);
    // 4.4.3: the unit's header is the payload's, with the type that the third byte says.
    const header = [(first & 0x81) | ((fu & TYPE) << 1), second];
    defragment({ start: (fu & START) !== 0, end: (fu & END) !== 0, header }, payload.subarray(3), units);
  },
};
