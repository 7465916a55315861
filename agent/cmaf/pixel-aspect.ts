import type { BitReader } from './bits.ts';

/** Width to height of a pixel. */
export interface PixelAspect {
  readonly horizontal: number;
  readonly vertical: number;
}

export const SQUARE_PIXELS: PixelAspect = { horizontal: 1, vertical: 1 };

/** Sample aspect ratios of `aspect_ratio_idc` 1 to 16 (H.264 and H.265, table E-1). */
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

/** What video usability information begins with, in both standards (E.1.1 and E.2.1). */
export function readPixelAspect(bits: BitReader): PixelAspect {
  if (!bits.flag()) return SQUARE_PIXELS;
  const index = bits.read(8);
  const [horizontal, vertical] =
    index === EXTENDED_SAR ? [bits.read(16), bits.read(16)] : (PIXEL_ASPECTS[index - 1] ?? [0, 0]);
  // 0 in either means «unspecified» (E.2.1, E.3.1).
  return horizontal > 0 && vertical > 0 ? { horizontal, vertical } : SQUARE_PIXELS;
}
