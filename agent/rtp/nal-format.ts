import type { NalUnit } from './nal-unit.ts';
import { MAX_UNITS_IN_PACKET, type NalUnits } from './nal-units.ts';

/** What a NAL unit is to the frame it belongs to. */
export interface NalKind {
  readonly role: /** Of a picture. */
    | 'slice'
    /** A parameter set: told in the configuration, not in frames. */
    | 'parameters'
    /** May stand in front of a picture only, so that behind one it begins the next frame. */
    | 'before'
    /** May stand behind a picture only. */
    | 'after'
    /** Not for players: filling, other layers, types that nobody has defined. */
    | 'none';
  /** Decoding can begin with its picture. */
  readonly key: boolean;
  /** No other picture depends on its. */
  readonly disposable: boolean;
  /** Its picture can't be decoded where decoding began with the random access picture before it. */
  readonly skipped: boolean;
  /** After the picture, some that are {@link skipped} may follow. */
  readonly open: boolean;
}

const plain = { key: false, disposable: false, skipped: false, open: false };
export const NONE: NalKind = { role: 'none', ...plain };
export const PARAMETERS: NalKind = { role: 'parameters', ...plain };
export const BEFORE: NalKind = { role: 'before', ...plain };
export const AFTER: NalKind = { role: 'after', ...plain };
export const SLICE: NalKind = { role: 'slice', ...plain };
export const KEY_SLICE: NalKind = { ...SLICE, key: true };

/** How a codec's NAL units are told apart, and how they travel in RTP. */
export interface NalFormat {
  /** Of a NAL unit; what is no longer is empty. */
  readonly headerBytes: number;
  readonly kindOf: (unit: NalUnit) => NalKind;
  /** Whether a slice is its picture's first. */
  readonly beginsPicture: (slice: NalUnit) => boolean;
  /** Whether it says that decoding may begin here although there is no keyframe: what intra refresh has instead. */
  readonly isRecoveryPoint: (unit: NalUnit) => boolean;
  /** Whether a payload goes on with a unit that an earlier one has begun. */
  readonly goesOn: (payload: Uint8Array) => boolean;
  readonly depacketize: (payload: Uint8Array, units: NalUnits) => void;
}

const RECOVERY_POINT = 6;

/**
 * Whether the supplemental enhancement information in a unit begins with a recovery point's (H.264 and H.265, D.1): its
 * payload type is the first byte behind the header.
 */
export const beginsWithRecoveryPoint = (sei: NalUnit, headerBytes: number): boolean =>
  sei.byte(headerBytes) === RECOVERY_POINT;

/** The units of an aggregation packet, each after its length in two bytes; one that is longer than what is left is damage. */
export function disaggregate(payload: Uint8Array, start: number, units: NalUnits): void {
  let at = start;
  for (let count = 0; at + 2 <= payload.length; count++) {
    if (count === MAX_UNITS_IN_PACKET) return units.damaged();
    const size = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
    const end = at + 2 + size;
    if (end > payload.length) return units.damaged();
    units.whole(payload.subarray(at + 2, end));
    at = end;
  }
}

/** A fragment of a unit: which of its ends are in it, and what of it. */
export function defragment(
  fragment: { readonly start: boolean; readonly end: boolean; readonly header: readonly number[] },
  piece: Uint8Array,
  units: NalUnits,
): void {
  if (fragment.start) units.begin(...fragment.header);
  if (piece.length > 0) units.more(piece);
  if (fragment.end) units.end();
}
