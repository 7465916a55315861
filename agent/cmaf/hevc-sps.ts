import { BitReader } from './bits.ts';
import { checkSize, ParameterSetError } from './parameter-set.ts';
import { readPixelAspect, SQUARE_PIXELS, type PixelAspect } from './pixel-aspect.ts';

/** What a stream keeps to (ITU-T H.265, 7.3.3), as records and codec strings tell it. */
export interface HevcProfile {
  readonly space: number;
  /** 0 main, 1 high. */
  readonly tier: number;
  readonly profile: number;
  /** 32 flags: the first one, for profile 0, is the highest bit. */
  readonly compatibility: number;
  /** From `general_progressive_source_flag` on: 6 bytes. */
  readonly constraints: readonly number[];
  readonly level: number;
}

/** What is read out of a sequence parameter set (ITU-T H.265, 7.3.2.2.1). */
export interface HevcSps {
  readonly id: number;
  readonly profile: HevcProfile;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  /** `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  /** Samples across and down, cropping applied. */
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: PixelAspect;
  /** How many pictures may precede one in decoding order and follow it in output order: B frames. */
  readonly reordered: number;
}

export const SPS_NAL_UNIT = 33;

const MAX_SPS_ID = 15;
/** `sps_max_sub_layers_minus1` and `sps_max_num_reorder_pics` (7.4.3.2.1; a picture buffer holds 16, A.4.2). */
const MAX_SUB_LAYERS = 7;
const MAX_REORDERED = 16;

/** @throws ParameterSetError */
export function parseHevcSps(nalUnit: Uint8Array): HevcSps {
  const bits = new BitReader('SPS', nalUnit);
  const type = (bits.read(16) >> 9) & 0x3f;
  if (type !== SPS_NAL_UNIT) throw new ParameterSetError(`SPS: expected NAL unit type ${SPS_NAL_UNIT}, got ${type}`);
  bits.read(4); // sps_video_parameter_set_id
  const temporalLayers = bits.read(3) + 1;
  if (temporalLayers > MAX_SUB_LAYERS) {
    throw new ParameterSetError(`SPS: expected 1 to ${MAX_SUB_LAYERS} sub-layers, got ${temporalLayers}`);
  }
  const temporalIdNested = bits.flag();
  const profile = readProfile(bits, temporalLayers);
  const id = bits.unsigned();
  if (id > MAX_SPS_ID) throw new ParameterSetError(`SPS: expected an id of 0 to ${MAX_SPS_ID}, got ${id}`);
  const chroma = bits.unsigned();
  if (chroma > 3) throw new ParameterSetError(`SPS: expected chroma_format_idc 0 to 3, got ${chroma}`);
  const apart = chroma === 3 && bits.flag(); // separate_colour_plane_flag
  const [codedWidth, codedHeight] = [bits.unsigned(), bits.unsigned()];
  const [left, right, top, bottom] = bits.flag()
    ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()]
    : [0, 0, 0, 0];
  // H.265, 7.4.3.2.1: the window counts in chroma samples (table 6-1).
  const width = codedWidth - (left + right) * (!apart && (chroma === 1 || chroma === 2) ? 2 : 1);
  const height = codedHeight - (top + bottom) * (!apart && chroma === 1 ? 2 : 1);
  checkSize(width, height);
  const [lumaDepth, chromaDepth] = [8 + bits.unsigned(), 8 + bits.unsigned()];
  if (lumaDepth > 16 || chromaDepth > 16) {
    throw new ParameterSetError(`SPS: expected 8 to 16 bits a sample, got ${lumaDepth} and ${chromaDepth}`);
  }
  const orderBits = 4 + bits.unsigned(); // log2_max_pic_order_cnt_lsb
  const reordered = readReordered(bits, temporalLayers);
  return {
    ...{ id, profile, temporalLayers, temporalIdNested, chroma, lumaDepth, chromaDepth, width, height, reordered },
    pixelAspect: findPixelAspect(bits, orderBits, chroma),
  };
}

/** `profile_tier_level` (7.3.3), of the whole stream; its sub-layers' are passed over. */
function readProfile(bits: BitReader, temporalLayers: number): HevcProfile {
  const [space, tier, profile] = [bits.read(2), bits.read(1), bits.read(5)];
  const compatibility = bits.read(32);
  const constraints = Array.from({ length: 6 }, () => bits.read(8));
  const level = bits.read(8);
  const subLayers = Array.from({ length: temporalLayers - 1 }, () => ({ profile: bits.flag(), level: bits.flag() }));
  if (subLayers.length > 0) bits.skip(2 * (8 - subLayers.length));
  for (const subLayer of subLayers) bits.skip((subLayer.profile ? 88 : 0) + (subLayer.level ? 8 : 0));
  return { space, tier, profile, compatibility, constraints, level };
}

/** @returns `sps_max_num_reorder_pics` of the highest sub-layer */
function readReordered(bits: BitReader, temporalLayers: number): number {
  const told = bits.flag() ? temporalLayers : 1; // sps_sub_layer_ordering_info_present_flag
  let reordered = 0;
  for (let layer = 0; layer < told; layer++) {
    bits.unsigned(); // sps_max_dec_pic_buffering_minus1
    reordered = bits.unsigned();
    bits.unsigned(); // sps_max_latency_increase_plus1
  }
  if (reordered > MAX_REORDERED) {
    throw new ParameterSetError(`SPS: expected 0 to ${MAX_REORDERED} reordered pictures, got ${reordered}`);
  }
  return reordered;
}

/**
 * The shape of a pixel is told far behind all else that is needed. Decoders do without it: where the way there can't be
 * gone, pixels are square.
 */
function findPixelAspect(bits: BitReader, orderBits: number, chroma: number): PixelAspect {
  try {
    for (let index = 0; index < 6; index++) bits.unsigned(); // log2_min_luma_coding_block … max_transform_hierarchy_depth_intra
    if (bits.flag() && bits.flag()) skipScalingLists(bits, chroma);
    bits.read(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if (bits.flag()) {
      bits.read(8); // pcm_sample_bit_depth_luma and _chroma
      bits.unsigned(); // log2_min_pcm_luma_coding_block_size_minus3
      bits.unsigned(); // log2_diff_max_min_pcm_luma_coding_block_size
      bits.flag(); // pcm_loop_filter_disabled_flag
    }
    skipReferenceSets(bits);
    if (bits.flag()) {
      const pictures = bits.unsigned(); // num_long_term_ref_pics_sps
      for (let index = 0; index < pictures; index++) bits.read(orderBits + 1);
    }
    bits.read(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    return bits.flag() ? readPixelAspect(bits) : SQUARE_PIXELS; // vui_parameters_present_flag
  } catch (error) {
    if (!(error instanceof ParameterSetError)) throw error;
    return SQUARE_PIXELS;
  }
}

/** `scaling_list_data` (7.3.4). */
function skipScalingLists(bits: BitReader, chroma: number): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 && chroma !== 3 ? 3 : 1) {
      if (bits.flag()) {
        if (size > 1) bits.signed(); // scaling_list_dc_coef_minus8
        const coefficients = Math.min(64, 1 << (4 + (size << 1)));
        for (let index = 0; index < coefficients; index++) bits.signed(); // scaling_list_delta_coef
      } else {
        bits.unsigned(); // scaling_list_pred_matrix_id_delta
      }
    }
  }
}

/** `st_ref_pic_set` for each of `num_short_term_ref_pic_sets` (7.3.7). */
function skipReferenceSets(bits: BitReader): void {
  const sets = bits.unsigned();
  if (sets > 64) throw new ParameterSetError(`SPS: expected at most 64 reference picture sets, got ${sets}`);
  /** NumDeltaPocs of the set before. */
  let pictures = 0;
  for (let set = 0; set < sets; set++) {
    if (set > 0 && bits.flag()) {
      // inter_ref_pic_set_prediction_flag
      bits.flag(); // delta_rps_sign
      bits.unsigned(); // abs_delta_rps_minus1
      let kept = 0;
      for (let index = 0; index <= pictures; index++) {
        const used = bits.flag(); // used_by_curr_pic_flag
        if (used || bits.flag()) kept += 1; // use_delta_flag
      }
      pictures = kept;
    } else {
      const [negative, positive] = [bits.unsigned(), bits.unsigned()];
      pictures = negative + positive;
      if (pictures > 32) throw new ParameterSetError(`SPS: expected at most 32 reference pictures, got ${pictures}`);
      for (let index = 0; index < pictures; index++) {
        bits.unsigned(); // delta_poc_minus1
        bits.flag(); // used_by_curr_pic_flag
      }
    }
  }
}
