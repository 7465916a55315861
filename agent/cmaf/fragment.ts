import { TIMESCALE, type Ticks } from '../../protocol/units.ts';
import { BoxWriter } from './box.ts';
import { TRACK_ID } from './init.ts';

/** A frame with its place on the track: what `trun` and `mdat` say of it. */
export interface Sample {
  /** When it is to be decoded, as capture time since 1970. */
  readonly time: Ticks;
  /** How much later it is to be seen: 0 without B frames. */
  readonly compositionOffset: Ticks;
  readonly duration: Ticks;
  readonly keyframe: boolean;
  /** Its bytes in order. */
  readonly data: readonly Uint8Array[];
  /** Bytes in `data`. */
  readonly size: number;
}

/**
 * `prft` flags (14496-12, 8.16.5), «captured»: the UTC time has a consistent, small (ideally zero) offset from the
 * real time of what is to be seen at `media_time`. Bit 8 alone would promise consistency only.
 */
const CAPTURED = 24;

/** Seconds from 1900, where NTP's time starts, to 1970. */
const NTP_EPOCH = 2_208_988_800;

/** `tfhd` flag (14496-12, 8.8.7): offsets count from the start of this `moof`. */
const DEFAULT_BASE_IS_MOOF = 0x20000;

/** `trun` flags (14496-12, 8.8.8): data offset; of each sample duration, size and flags. */
const TRUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400;
/** And of each its composition offset, which with version 1 is signed (CMAF wants that version: 23000-19, 7.5.17). */
const COMPOSITION_OFFSETS = 0x800;

/** Sample flags (14496-12, 8.8.3.1): depends on no other sample | depends on others, is no sync sample. */
const SYNC_SAMPLE = 0x0200_0000;
const NON_SYNC_SAMPLE = 0x0101_0000;

const BOX_HEADER_SIZE = 8;
const PRFT_SIZE = 32;
/** `moof` with `mfhd`, `traf`, `tfhd`, `tfdt` and a `trun` of no samples. */
const MOOF_SIZE = 8 + 16 + 8 + 16 + 20 + 20;
const TRUN_ENTRY_SIZE = 12;
const COMPOSITION_OFFSET_SIZE = 4;

/**
 * What a segment begins with: `styp` (14496-12, 8.16.2). Brands: `cmfs`, a CMAF segment, and `cmff`, a CMAF fragment,
 * for that it is as a whole (23000-19, 7.2); `msdh`, a DASH media segment (23009-1, 6.3.4.2). Not `msix`: it has no
 * index.
 */
export function segmentHeader(): Uint8Array {
  const writer = new BoxWriter(32);
  writer.box('styp', () => {
    writer.text('cmfs');
    writer.u32(0);
    writer.text('iso6cmfscmffmsdh');
  });
  return writer.finish();
}

/**
 * One CMAF chunk (23000-19, 7.3.2.3): `prft`, `moof`, `mdat`. The samples' bytes are copied here, for the first and
 * only time.
 *
 * @param options.sequenceNumber grows from fragment to fragment (14496-12, 8.8.5); only 32 bits of it are told
 * @param options.frames one at least, in decoding order
 */
export function fragment(options: { readonly sequenceNumber: number; readonly frames: readonly Sample[] }): Uint8Array {
  const { sequenceNumber, frames } = options;
  const [first] = frames;
  if (first === undefined) throw new RangeError('fragment: expected a frame at least, got none');
  const reordered = frames.some((frame) => frame.compositionOffset !== 0);
  const entrySize = TRUN_ENTRY_SIZE + (reordered ? COMPOSITION_OFFSET_SIZE : 0);
  const moofSize = MOOF_SIZE + frames.length * entrySize;
  const mediaSize = frames.reduce((size, frame) => size + frame.size, 0);
  const writer = new BoxWriter(PRFT_SIZE + moofSize + BOX_HEADER_SIZE + mediaSize);

  writer.fullBox('prft', 1, CAPTURED, () => {
    writer.u32(TRACK_ID);
    writer.u32(...ntpTime(first.time));
    writer.u64(first.time);
  });
  writer.box('moof', () => {
    writer.fullBox('mfhd', 0, 0, () => writer.u32(sequenceNumber));
    writer.box('traf', () => {
      writer.fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, () => writer.u32(TRACK_ID));
      writer.fullBox('tfdt', 1, 0, () => writer.u64(first.time)); // 14496-12, 8.8.12
      writer.fullBox('trun', reordered ? 1 : 0, TRUN_FLAGS | (reordered ? COMPOSITION_OFFSETS : 0), () => {
        writer.u32(frames.length, moofSize + BOX_HEADER_SIZE);
        for (const frame of frames) {
          writer.u32(frame.duration, frame.size, frame.keyframe ? SYNC_SAMPLE : NON_SYNC_SAMPLE);
          if (reordered) writer.u32(frame.compositionOffset);
        }
      });
    });
  });
  writer.box('mdat', () => {
    for (const frame of frames) for (const piece of frame.data) writer.bytes(piece);
  });
  return writer.finish();
}

/** NTP timestamp format (RFC 5905, 6): seconds since 1900 and their 2^-32nds. The seconds start over in 2036. */
function ntpTime(time: Ticks): [seconds: number, fraction: number] {
  const whole = Math.floor(time / TIMESCALE);
  const fraction = Math.floor(((time - whole * TIMESCALE) * 2 ** 32) / TIMESCALE);
  return [(whole + NTP_EPOCH) % 2 ** 32, fraction];
}
