import { Bits } from './nal-bits.ts';

/** What a sequence parameter set of H.265 says. */
export interface HevcPicture {
  readonly profile: number;
  readonly compatibility: number;
  readonly constraints: readonly number[];
  readonly tier: number;
  readonly level: number;
  /** Sub-layers below the highest, and which of profile and level each tells of itself. */
  readonly subLayers: readonly { readonly profile: boolean; readonly level: boolean }[];
  readonly chroma: number;
  readonly separatePlanes: boolean;
  readonly width: number;
  readonly height: number;
  readonly crop: readonly [number, number, number, number] | undefined;
  readonly depths: readonly [number, number];
  /** For each sub-layer, or for all together. */
  readonly reordered: number;
  readonly orderForEach: boolean;
  readonly scaling: boolean;
  readonly pcm: boolean;
  /** Short-term reference picture sets: how many pictures before and after each has; `copy`: made of the set before. */
  readonly referenceSets: readonly ({ readonly before: number; readonly after: number } | 'copy')[];
  readonly longTerm: number;
  readonly aspect: { readonly horizontal: number; readonly vertical: number } | undefined;
}

export const HEVC_PROGRESSIVE: HevcPicture = {
  ...{ profile: 1, compatibility: 0x6000_0000, constraints: [0x90, 0, 0, 0, 0, 0], tier: 0, level: 93, subLayers: [] },
  ...{ chroma: 1, separatePlanes: false, width: 640, height: 360, crop: undefined, depths: [8, 8] },
  ...{
    reordered: 0,
    orderForEach: true,
    scaling: false,
    pcm: false,
    referenceSets: [],
    longTerm: 0,
    aspect: undefined,
  },
};

/** The whole NAL unit. */
export function hevcSps(picture: HevcPicture, id = 0): Uint8Array {
  const { subLayers, scaling, pcm, longTerm, aspect } = picture;
  const bits = new Bits().u(16, 0x4201).u(4, 0).u(3, subLayers.length).u(1, 1);
  bits.u(2, 0).u(1, picture.tier).u(5, picture.profile).u(32, picture.compatibility);
  for (const byte of picture.constraints) bits.u(8, byte);
  bits.u(8, picture.level);
  for (const { profile, level } of subLayers) bits.u(1, Number(profile)).u(1, Number(level));
  if (subLayers.length > 0) for (let layer = subLayers.length; layer < 8; layer++) bits.u(2, 0);
  for (const { profile, level } of subLayers) {
    if (profile) for (let byte = 0; byte < 11; byte++) bits.u(8, 0xa5);
    if (level) bits.u(8, 0x5a);
  }
  bits.ue(id).ue(picture.chroma);
  if (picture.chroma === 3) bits.u(1, Number(picture.separatePlanes));
  bits
    .ue(picture.width)
    .ue(picture.height)
    .u(1, picture.crop === undefined ? 0 : 1);
  for (const side of picture.crop ?? []) bits.ue(side);
  for (const depth of picture.depths) bits.ue(depth - 8);
  bits.ue(4).u(1, Number(picture.orderForEach));
  const told = picture.orderForEach ? subLayers.length + 1 : 1;
  for (let layer = 1; layer <= told; layer++)
    bits
      .ue(4)
      .ue(layer === told ? picture.reordered : 0)
      .ue(0);
  bits.ue(0).ue(3).ue(0).ue(3).ue(1).ue(1).u(1, Number(scaling));
  if (scaling) writeScaling(bits, picture.chroma);
  bits.u(2, 0b11).u(1, Number(pcm));
  if (pcm) bits.u(8, 0x77).ue(0).ue(1).u(1, 0);
  writeReferenceSets(bits, picture.referenceSets);
  bits.u(1, longTerm > 0 ? 1 : 0);
  if (longTerm > 0) bits.ue(longTerm);
  for (let index = 0; index < longTerm; index++) bits.u(9, 0x155);
  bits.u(2, 0).u(1, aspect === undefined ? 0 : 1);
  if (aspect !== undefined) bits.u(1, 1).u(8, 255).u(16, aspect.horizontal).u(16, aspect.vertical);
  return Uint8Array.from(bits.nalUnit());
}

function writeScaling(bits: Bits, chroma: number): void {
  bits.u(1, 1);
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 && chroma !== 3 ? 3 : 1) {
      if (matrix % 2 === 1) {
        bits.u(1, 0).ue(1);
        continue;
      }
      bits.u(1, 1);
      if (size > 1) bits.se(-3);
      for (let index = 0; index < (size === 0 ? 16 : 64); index++) bits.se((index % 5) - 2);
    }
  }
}

function writeReferenceSets(bits: Bits, sets: HevcPicture['referenceSets']): void {
  bits.ue(sets.length);
  let pictures = 0;
  sets.forEach((set, index) => {
    if (index > 0) bits.u(1, set === 'copy' ? 1 : 0);
    if (set === 'copy' && index > 0) {
      bits.u(1, 1).ue(2);
      // The first is used, of the others every second is kept, unused.
      let kept = 0;
      for (let picture = 0; picture <= pictures; picture++) {
        const isKept = picture % 2 === 0;
        bits.u(1, picture === 0 ? 1 : 0);
        if (picture > 0) bits.u(1, isKept ? 1 : 0);
        kept += isKept ? 1 : 0;
      }
      pictures = kept;
      return;
    }
    const { before, after } = set === 'copy' ? { before: 1, after: 0 } : set;
    pictures = before + after;
    bits.ue(before).ue(after);
    for (let picture = 0; picture < pictures; picture++) bits.ue(picture).u(1, 1);
  });
}
