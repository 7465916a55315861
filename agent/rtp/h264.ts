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

/** NAL unit types (ITU-T H.264, table 7-1). */
const PARTITION_B = 3;
const PARTITION_C = 4;
const IDR = 5;
const SEI = 6;
export const SPS = 7;
export const PPS = 8;
const DELIMITER = 9;
const END_OF_SEQUENCE = 10;
const END_OF_STREAM = 11;

/** Payload structures (RFC 6184, 5.2): aggregation and fragmentation. */
const STAP_A = 24;
const FU_A = 28;

const START = 0x80;
const END = 0x40;
const TYPE = 0x1f;
const REFERENCE = 0x60;

const DISPOSABLE_SLICE: NalKind = { ...SLICE, disposable: true };

/**
 * H.264 in RTP (RFC 6184), in the non-interleaved and the single NAL unit mode. Keyframes are IDR pictures alone: where a
 * stream has recovery points only, Chrome's MSE never begins.
 */
export const H264: NalFormat = {
  headerBytes: 1,
  kindOf(unit: NalUnit): NalKind {
    const header = unit.byte(0);
    switch (header & TYPE) {
      case 1:
      case 2:
      case PARTITION_B:
      case PARTITION_C:
        return (header & REFERENCE) === 0 ? DISPOSABLE_SLICE : SLICE;
      case IDR:
        return KEY_SLICE;
      case SPS:
      case PPS:
        return PARAMETERS;
      case SEI:
      case DELIMITER:
        return BEFORE;
      case END_OF_SEQUENCE:
      case END_OF_STREAM:
        return AFTER;
      default:
        return NONE;
    }
  },
  /** `first_mb_in_slice` is 0, which Exp-Golomb writes as a 1 (7.3.3); partitions B and C begin with something else. */
  beginsPicture(slice: NalUnit): boolean {
    const type = slice.byte(0) & TYPE;
    return type !== PARTITION_B && type !== PARTITION_C && (slice.byte(1) & 0x80) !== 0;
  },
  isRecoveryPoint: (unit: NalUnit): boolean => (unit.byte(0) & TYPE) === SEI && beginsWithRecoveryPoint(unit, 1),
  goesOn: (payload: Uint8Array): boolean => ((payload[0] ?? 0) & TYPE) === FU_A && ((payload[1] ?? 0) & START) === 0,
  depacketize(payload: Uint8Array, units: NalUnits): void {
    const [indicator = 0, fu = 0] = payload;
    const type = indicator & TYPE;
    if (type === STAP_A) return disaggregate(payload, 1, units);
    if (type > STAP_A && type !== FU_A) return; // interleaved modes, which have to be asked for
    if (type !== FU_A) return units.whole(payload);
    // 5.8: the unit's header is in the two before the first fragment. Some cameras set the reserved bit beside the type.
    const header = [(indicator & ~TYPE) | (fu & TYPE)];
    defragment({ start: (fu & START) !== 0, end: (fu & END) !== 0, header }, payload.subarray(2), units);
  },
};
