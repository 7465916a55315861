import { Bits } from './nal-bits.ts';

/** What a sequence parameter set of H.264 says. */
export interface Picture {
  readonly profile: number;
  readonly chroma: number;
  readonly separatePlanes: boolean;
  /** Scales of the first lists, each as far as given; undefined: no scaling matrix. */
  readonly scaling: readonly (readonly number[])[] | undefined;
  readonly orderCount: { readonly type: number; readonly offsets: readonly number[] };
  readonly across: number;
  readonly down: number;
  readonly interlaced: boolean;
  readonly crop: readonly [number, number, number, number] | undefined;
  readonly aspect: { readonly index: number; readonly horizontal: number; readonly vertical: number } | undefined;
  /** All that usability information has besides; undefined: it ends after the aspect. */
  readonly usability: Usability | undefined;
}

export interface Usability {
  /** Whether the optional parts before the restriction are there. */
  readonly full: boolean;
  /** `max_num_reorder_frames`; undefined: no `bitstream_restriction`. */
  readonly reordered: number | undefined;
}

export const PROGRESSIVE: Picture = {
  profile: 77,
  chroma: 1,
  separatePlanes: false,
  scaling: undefined,
  orderCount: { type: 2, offsets: [] },
  across: 40,
  down: 30,
  interlaced: false,
  crop: undefined,
  aspect: undefined,
  usability: undefined,
};

export const HIGH = [100, 110, 122, 244, 44];

export function sps(picture: Picture, id = 0): number[] {
  const bits = new Bits().u(8, 0x67).u(8, picture.profile).u(8, 0).u(8, 31).ue(id);
  if (HIGH.includes(picture.profile)) {
    bits.ue(picture.chroma);
    if (picture.chroma === 3) bits.u(1, picture.separatePlanes ? 1 : 0);
    bits
      .ue(0)
      .ue(0)
      .u(1, 0)
      .u(1, picture.scaling === undefined ? 0 : 1);
    for (let list = 0; picture.scaling !== undefined && list < (picture.chroma === 3 ? 12 : 8); list++) {
      const scales = picture.scaling[list];
      bits.u(1, scales === undefined ? 0 : 1);
      if (scales === undefined) continue;
      const size = list < 6 ? 16 : 64;
      let last = 8;
      for (const scale of scales.slice(0, size)) {
        bits.se(((scale - last + 128 + 256) % 256) - 128);
        last = scale;
      }
      if (scales.length < size) bits.se(((0 - last + 128 + 256) % 256) - 128); // the rest is as it was
    }
  }
  bits.ue(4).ue(picture.orderCount.type);
  if (picture.orderCount.type === 0) bits.ue(6);
  if (picture.orderCount.type === 1) {
    bits.u(1, 0).se(-3).se(5).ue(picture.orderCount.offsets.length);
    for (const offset of picture.orderCount.offsets) bits.se(offset);
  }
  bits
    .ue(1)
    .u(1, 0)
    .ue(picture.across - 1)
    .ue(picture.down - 1);
  bits.u(1, picture.interlaced ? 0 : 1);
  if (picture.interlaced) bits.u(1, 1);
  bits.u(1, 1).u(1, picture.crop === undefined ? 0 : 1);
  for (const side of picture.crop ?? []) bits.ue(side);
  const { aspect, usability } = picture;
  bits.u(1, aspect === undefined && usability === undefined ? 0 : 1);
  if (aspect === undefined && usability === undefined) return bits.nalUnit();
  bits.u(1, aspect === undefined ? 0 : 1);
  if (aspect !== undefined) {
    bits.u(8, aspect.index);
    if (aspect.index === 255) bits.u(16, aspect.horizontal).u(16, aspect.vertical);
  }
  if (usability === undefined) bits.u(4, 0);
  else writeUsability(bits, usability);
  return bits.nalUnit();
}

/** H.264, E.1.1, from the aspect on. */
function writeUsability(bits: Bits, { full, reordered }: Usability): void {
  if (full) {
    bits.u(2, 0b11); // overscan
    bits.u(1, 1).u(4, 0b1011).u(1, 1).u(24, 0x010101); // video signal, colours
    bits.u(1, 1).ue(0).ue(1); // chroma locations
    bits.u(1, 1).u(32, 1).u(32, 50).u(1, 1); // timing
    for (let decoder = 0; decoder < 2; decoder++) {
      bits.u(1, 1).ue(1).u(8, 0x34);
      for (let buffer = 0; buffer < 2; buffer++) bits.ue(1000).ue(2000).u(1, 0);
      bits.u(20, 0x12345);
    }
    bits.u(1, 0); // low delay
  } else {
    bits.u(6, 0);
  }
  bits.u(1, 0); // pic_struct
  bits.u(1, reordered === undefined ? 0 : 1);
  if (reordered !== undefined) bits.u(1, 1).ue(0).ue(0).ue(10).ue(10).ue(reordered).ue(Math.max(reordered, 1));
}
