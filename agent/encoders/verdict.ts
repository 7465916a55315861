import { avcConfig } from '../cmaf/avc.ts';
import { BitReader } from '../cmaf/bits.ts';
import { messageOf } from '../errors.ts';
import type { FlvFrame } from '../ffmpeg/flv.ts';

/** What a trial of an encoder has shown. */
export interface Tried {
  /** As the muxer told it; undefined when it didn't. */
  readonly avcC: Uint8Array | undefined;
  readonly frames: readonly FlvFrame[];
  /** How many frames had gone in of which nothing had come out, at most. */
  readonly held: number;
  /** Why FFmpeg, or what reads it, ended before its time. */
  readonly failure: string | undefined;
}

/** What frames were to come out: so many, some of them to begin with. */
export interface Asked {
  readonly count: number;
  /** Numbers of frames, from 0. */
  readonly keyframes: readonly number[];
  readonly width: number;
  readonly height: number;
}

export type Verdict =
  | { readonly kind: 'fits' }
  /** Its pictures are right, but each comes so many frames later. */
  | { readonly kind: 'late'; readonly frames: number }
  | { readonly kind: 'unfit'; readonly reason: string };

/** Whether segments can be made of it, and at once. Pure. */
export function verdictOf(tried: Tried, asked: Asked): Verdict {
  const reason = whyUnfit(tried, asked);
  if (reason !== undefined) return { kind: 'unfit', reason };
  return tried.held > 0 ? { kind: 'late', frames: tried.held } : { kind: 'fits' };
}

function whyUnfit({ avcC, frames, failure }: Tried, asked: Asked): string | undefined {
  const told = (after: number): string => (after === 0 ? '' : ` after ${after} of ${asked.count} frames`);
  if (failure !== undefined) return `it failed${told(frames.length)}: ${failure}`;
  if (avcC === undefined) return 'it gives no parameter sets (SPS and PPS)';
  const unusable = whyUnusable(avcC, asked);
  if (unusable !== undefined) return unusable;
  if (frames.some(hasBSlice)) return 'it makes B frames, with which pictures wait for later ones';
  if (frames.length !== asked.count) return `it makes ${frames.length} frames of ${asked.count}`;
  const missing = asked.keyframes.find((number) => frames[number]?.keyframe !== true || !hasIdr(frames[number]));
  if (missing !== undefined) return `it makes no keyframe (IDR) where one is forced, at frame ${missing + 1}`;
  const back = frames.findIndex(({ time }, index) => index > 0 && time <= frames[index - 1]!.time);
  return back === -1 ? undefined : `the time of its frame ${back + 1} is not later than that of the one before`;
}

function whyUnusable(avcC: Uint8Array, asked: Asked): string | undefined {
  try {
    const { width, height } = avcConfig(avcC);
    if (width === asked.width && height === asked.height) return undefined;
    return `its picture has ${width}×${height} pixels instead of ${asked.width}×${asked.height}`;
  } catch (error) {
    return `its parameter sets can't be used: ${messageOf(error)}`;
  }
}

const SLICE = 1;
const IDR = 5;

/** NAL unit types (ITU-T H.264, table 7-1). */
const hasIdr = (frame: FlvFrame): boolean => nalUnits(frame).some(([header = 0]) => (header & 0x1f) === IDR);

/** By the type in the slice's header (7.3.3, table 7-6): 1, or 6 where all of the picture's are. */
const hasBSlice = (frame: FlvFrame): boolean =>
  nalUnits(frame).some((unit) => {
    if (((unit[0] ?? 0) & 0x1f) !== SLICE) return false;
    const bits = new BitReader('slice', unit.subarray(0, 24));
    bits.skip(8);
    bits.unsigned();
    return bits.unsigned() % 5 === 1;
  });

/** Each after its length in 4 bytes. */
function nalUnits({ data }: FlvFrame): Uint8Array[] {
  const bytes = Buffer.concat(data);
  const units: Uint8Array[] = [];
  for (let at = 0; at + 4 < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return units;
}
