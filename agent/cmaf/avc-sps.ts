import { BitReader } from './bits.ts';
import { checkSize, ParameterSetError } from './parameter-set.ts';
import { readPixelAspect, SQUARE_PIXELS, type PixelAspect } from './pixel-aspect.ts';

/** What is read out of a sequence parameter set (ITU-T H.264, 7.3.2.1.1). */
export interface AvcSps {
  readonly id: number;
  readonly profile: number;
  /** The constraint flags, a byte. */
  readonly compatibility: number;
  readonly level: number;
  /** `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** Samples across and down, cropping applied. */
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect;
  /** Whether a picture may be a field, half a frame. */
  readonly fields: boolean;
  /** How many pictures may precede one in decoding order and follow it in output order: B frames. Undefined: not said. */
  readonly reordered: number | undefined;
}

export const SPS_NAL_UNIT = 7;

/** Profiles whose SPS says what the chroma is like (H.264, 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

const BASELINE = 66;
/** Profiles that with `constraint_set3_flag` are all-intra (E.2.1, `max_num_reorder_frames`). */
const INTRA_PROFILES: ReadonlySet<number> = new Set([44, 86, 100, 110, 122, 244]);
const CONSTRAINT_SET3 = 0x10;
/** `pic_order_cnt_type` of streams whose output order is the decoding order (8.2.1.3). */
const IN_ORDER = 2;

interface Usability {
  readonly pixelAspect: PixelAspect;
  readonly reordered: number | undefined;
}

/** @throws ParameterSetError */
export function parseAvcSps(nalUnit: Uint8Array): AvcSps {
  const bits = new BitReader('SPS', nalUnit);
  const type = bits.read(8) & 0x1f;
  if (type !== SPS_NAL_UNIT) throw new ParameterSetError(`SPS: expected NAL unit type ${SPS_NAL_UNIT}, got ${type}`);
  const [profile, compatibility, level] = [bits.read(8), bits.read(8), bits.read(8)];
  const id = bits.unsigned();
  const format = HIGH_PROFILES.has(profile) ? readChroma(bits) : { chroma: 1, planes: 1, lumaDepth: 8, chromaDepth: 8 };
  bits.unsigned(); // log2_max_frame_num_minus4
  const orderType = readPictureOrderCount(bits);
  bits.unsigned(); // max_num_ref_frames
  bits.flag(); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.unsigned() + 1;
  const heightInMapUnits = bits.unsigned() + 1;
  const fields = !bits.flag(); // frame_mbs_only_flag
  if (fields) bits.flag(); // mb_adaptive_frame_field_flag
  bits.flag(); // direct_8x8_inference_flag
  const [left, right, top, bottom] = bits.flag()
    ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()]
    : [0, 0, 0, 0];
  // H.264, 7-19 to 7-22: cropping counts in chroma samples, and in pairs of lines where there are fields.
  const width = widthInMacroblocks * 16 - (left + right) * (format.planes === 1 || format.planes === 2 ? 2 : 1);
  const lines = fields ? 2 : 1;
  const height = lines * (heightInMapUnits * 16 - (top + bottom) * (format.planes === 1 ? 2 : 1));
  checkSize(width, height);
  const usability = bits.flag() ? readUsability(bits) : { pixelAspect: SQUARE_PIXELS, reordered: undefined };
  const intra = INTRA_PROFILES.has(profile) && (compatibility & CONSTRAINT_SET3) !== 0;
  const inOrder = profile === BASELINE || orderType === IN_ORDER || intra;
  return {
    ...{ id, profile, compatibility, level, width, height, fields },
    ...{ chroma: format.chroma, lumaDepth: format.lumaDepth, chromaDepth: format.chromaDepth },
    pixelAspect: usability.pixelAspect,
    reordered: inOrder ? 0 : usability.reordered,
  };
}

/** `planes` is ChromaArrayType: as `chroma`, but 0 where its planes are coded apart. */
function readChroma(bits: BitReader): { chroma: number; planes: number; lumaDepth: number; chromaDepth: number } {
  const chroma = bits.unsigned();
  if (chroma > 3) throw new ParameterSetError(`SPS: expected chroma_format_idc 0 to 3, got ${chroma}`);
  const apart = chroma === 3 && bits.flag();
  const [lumaDepth, chromaDepth] = [8 + bits.unsigned(), 8 + bits.unsigned()];
  if (lumaDepth > 14 || chromaDepth > 14) {
    throw new ParameterSetError(`SPS: expected 8 to 14 bits a sample, got ${lumaDepth} and ${chromaDepth}`);
  }
  bits.flag(); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
      if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return { chroma, planes: apart ? 0 : chroma, lumaDepth, chromaDepth };
}

/** H.264, 7.3.2.1.1.1: once a scale is 0 the list goes on without further bits. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let index = 0; index < size; index++) {
    const next = (last + bits.signed() + 256) % 256;
    if (next === 0) return;
    last = next;
  }
}

/** @returns `pic_order_cnt_type` */
function readPictureOrderCount(bits: BitReader): number {
  const type = bits.unsigned();
  if (type === 0) {
    bits.unsigned(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.flag(); // delta_pic_order_always_zero_flag
    bits.signed(); // offset_for_non_ref_pic
    bits.signed(); // offset_for_top_to_bottom_field
    const count = bits.unsigned();
    for (let index = 0; index < count; index++) bits.signed(); // offset_for_ref_frame
  } else if (type !== IN_ORDER) {
    throw new ParameterSetError(`SPS: expected pic_order_cnt_type 0 to 2, got ${type}`);
  }
  return type;
}

/**
 * Video usability information (H.264, E.1.1). Cameras write it carelessly, and decoders do without it: where it ends too
 * early it counts for nothing.
 */
function readUsability(bits: BitReader): Usability {
  let pixelAspect = SQUARE_PIXELS;
  try {
    pixelAspect = readPixelAspect(bits);
    if (bits.flag()) bits.flag(); // overscan_info
    if (bits.flag()) {
      bits.read(4); // video_format, video_full_range_flag
      if (bits.flag()) bits.read(24); // colour description
    }
    if (bits.flag()) {
      bits.unsigned(); // chroma_sample_loc_type_top_field
      bits.unsigned(); // chroma_sample_loc_type_bottom_field
    }
    if (bits.flag()) bits.skip(65); // timing_info: num_units_in_tick, time_scale, fixed_frame_rate_flag
    const nalHrd = bits.flag();
    if (nalHrd) skipReferenceDecoder(bits);
    const vclHrd = bits.flag();
    if (vclHrd) skipReferenceDecoder(bits);
    if (nalHrd || vclHrd) bits.flag(); // low_delay_hrd_flag
    bits.flag(); // pic_struct_present_flag
    if (!bits.flag()) return { pixelAspect, reordered: undefined };
    bits.flag(); // motion_vectors_over_pic_boundaries_flag
    for (let index = 0; index < 4; index++) bits.unsigned(); // max_bytes_per_pic_denom … log2_max_mv_length_vertical
    const reordered = bits.unsigned();
    return { pixelAspect, reordered: reordered <= MAX_REORDERED ? reordered : undefined };
  } catch (error) {
    if (!(error instanceof ParameterSetError)) throw error;
    return { pixelAspect, reordered: undefined };
  }
}

/** A decoded picture buffer holds 16 frames at most (A.3.1). */
const MAX_REORDERED = 16;

/** `hrd_parameters` (E.1.2). */
function skipReferenceDecoder(bits: BitReader): void {
  const count = bits.unsigned() + 1;
  bits.read(8); // bit_rate_scale, cpb_size_scale
  for (let index = 0; index < count; index++) {
    bits.unsigned(); // bit_rate_value_minus1
    bits.unsigned(); // cpb_size_value_minus1
    bits.flag(); // cbr_flag
  }
  bits.read(20); // lengths of delays and of time_offset
}
