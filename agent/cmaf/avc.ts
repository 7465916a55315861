/**
 * What a track's description needs from an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3): the codec string
 * and, out of the sequence parameter set in it (ITU-T H.264, 7.3.2.1.1), the size of the picture.
 */
export interface VideoParameters {
  /** RFC 6381: `avc1.` and profile, constraints and level in hex. */
  readonly codecs: string;
  /** Samples across, cropping applied. */
  readonly width: number;
  /** Samples down, cropping applied. */
  readonly height: number;
  /** Shape of a sample as displayed. */
  readonly pixelAspect: PixelAspect;
}

/** Width to height of a pixel. */
export interface PixelAspect {
  readonly horizontal: number;
  readonly vertical: number;
}

export class AvcError extends Error {
  override readonly name = 'AvcError';
}

export const SQUARE_PIXELS: PixelAspect = { horizontal: 1, vertical: 1 };

const SPS_NAL_UNIT = 7;

/** Profiles whose SPS says what the chroma is like (H.264, 7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Sample aspect ratios of `aspect_ratio_idc` 1 to 16 (H.264, table E-1). */
const PIXEL_ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

/** `width` and `height` of a sample entry have 16 bits (14496-12, 12.1.3). */
const MAX_SIDE = 65535;

/** @throws AvcError */
export function parseDecoderConfiguration(avcC: Uint8Array): VideoParameters {
  const [version, profile, compatibility, level, , spsCount, lengthHigh, lengthLow] = avcC;
  if (version !== 1) throw new AvcError(`avcC: expected version 1, got ${version ?? 'no bytes'}`);
  if (spsCount === undefined || (spsCount & 0x1f) === 0) {
    throw new AvcError('avcC: expected a sequence parameter set, got none');
  }
  const end = 8 + (lengthHigh ?? 0) * 256 + (lengthLow ?? 0);
  if (end > avcC.length) throw new AvcError(`avcC: expected at least ${end} bytes, got ${avcC.length}`);
  const hex = [profile, compatibility, level].map((byte = 0) => byte.toString(16).padStart(2, '0').toUpperCase());
  return { codecs: `avc1.${hex.join('')}`, ...parseSps(avcC.subarray(8, end)) };
}

function parseSps(nalUnit: Uint8Array): Omit<VideoParameters, 'codecs'> {
  const bits = new BitReader(withoutEmulationPrevention(nalUnit));
  const type = bits.read(8) & 0x1f;
  if (type !== SPS_NAL_UNIT) throw new AvcError(`SPS: expected NAL unit type ${SPS_NAL_UNIT}, got ${type}`);
  const profile = bits.read(8);
  bits.read(16); // constraint flags, level_idc
  bits.unsigned(); // seq_parameter_set_id
  const chroma = HIGH_PROFILES.has(profile) ? readChroma(bits) : 1;
  bits.unsigned(); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  bits.unsigned(); // max_num_ref_frames
  bits.read(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.unsigned() + 1;
  const heightInMapUnits = bits.unsigned() + 1;
  const fields = 2 - bits.read(1); // frame_mbs_only_flag
  if (fields === 2) bits.read(1); // mb_adaptive_frame_field_flag
  bits.read(1); // direct_8x8_inference_flag
  const [left, right, top, bottom] = bits.read(1)
    ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()]
    : [0, 0, 0, 0];
  // H.264, 7-19 to 7-22: cropping counts in chroma samples, and in pairs of lines where there are fields.
  const width = widthInMacroblocks * 16 - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1);
  const height = fields * (heightInMapUnits * 16 - (top + bottom) * (chroma === 1 ? 2 : 1));
  if (!(width > 0 && width <= MAX_SIDE && height > 0 && height <= MAX_SIDE)) {
    throw new AvcError(`SPS: expected a picture of 1 to ${MAX_SIDE} samples a side, got ${width}x${height}`);
  }
  return { width, height, pixelAspect: bits.read(1) ? readPixelAspect(bits) : SQUARE_PIXELS };
}

/** @returns ChromaArrayType: 0 monochrome (or planes apart), 1 4:2:0, 2 4:2:2, 3 4:4:4 */
function readChroma(bits: BitReader): number {
  const format = bits.unsigned();
  if (format > 3) throw new AvcError(`SPS: expected chroma_format_idc 0 to 3, got ${format}`);
  const separatePlanes = format === 3 && bits.read(1) === 1;
  bits.unsigned(); // bit_depth_luma_minus8
  bits.unsigned(); // bit_depth_chroma_minus8
  bits.read(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.read(1)) {
    for (let list = 0; list < (format === 3 ? 12 : 8); list++) {
      if (bits.read(1)) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return separatePlanes ? 0 : format;
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

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.unsigned();
  if (type === 0) {
    bits.unsigned(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    bits.read(1); // delta_pic_order_always_zero_flag
    bits.signed(); // offset_for_non_ref_pic
    bits.signed(); // offset_for_top_to_bottom_field
    const count = bits.unsigned();
    for (let index = 0; index < count; index++) bits.signed(); // offset_for_ref_frame
  } else if (type !== 2) {
    throw new AvcError(`SPS: expected pic_order_cnt_type 0 to 2, got ${type}`);
  }
}

/** Beginning of the video usability information (H.264, E.1.1). */
function readPixelAspect(bits: BitReader): PixelAspect {
  if (bits.read(1) === 0) return SQUARE_PIXELS;
  const index = bits.read(8);
  const [horizontal, vertical] =
    index === EXTENDED_SAR ? [bits.read(16), bits.read(16)] : (PIXEL_ASPECTS[index - 1] ?? [0, 0]);
  // 0 in either means «unspecified» (E.2.1).
  return horizontal > 0 && vertical > 0 ? { horizontal, vertical } : SQUARE_PIXELS;
}

/** H.264, 7.4.1: after two zero bytes a 3 is there only so that no start code arises. */
function withoutEmulationPrevention(nalUnit: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(nalUnit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
    } else {
      zeros = byte === 0 ? zeros + 1 : 0;
      bytes[length++] = byte;
    }
  }
  return bytes.subarray(0, length);
}

/** H.264, 7.2 and 9.1. */
class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** u(n), n up to 32. */
  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) {
      const byte = this.#bytes[this.#position >> 3];
      if (byte === undefined) throw new AvcError(`SPS: expected more than ${this.#bytes.length} bytes`);
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position++;
    }
    return value;
  }

  /** ue(v), Exp-Golomb. */
  unsigned(): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      if (++zeros > 32) throw new AvcError('SPS: expected an Exp-Golomb code of up to 32 leading zeros, got more');
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** se(v), signed Exp-Golomb. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
