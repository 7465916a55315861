import { avcConfig, avcRecord } from '../cmaf/avc.ts';
import { parseAvcSps } from '../cmaf/avc-sps.ts';
import { BitReader } from '../cmaf/bits.ts';
import { hevcConfig } from '../cmaf/hevc.ts';
import { parseHevcSps } from '../cmaf/hevc-sps.ts';
import { ParameterSetError } from '../cmaf/parameter-set.ts';
import type { VideoConfig } from '../media/track.ts';
import type { MediaFormat } from './format.ts';
import * as h264 from './h264.ts';
import * as h265 from './h265.ts';
import type { NalUnit } from './nal-unit.ts';
import { NalUnits } from './nal-units.ts';

/** What parameter sets say of a stream. */
export interface VideoParameters {
  readonly config: VideoConfig;
  /** Whether a picture may be a field. */
  readonly interlaced: boolean;
  /** How many pictures may precede one in decoding order and follow it in output order; undefined: not said. */
  readonly reordered: number | undefined;
}

/** A set has some 50 bytes; with scaling lists some 500. */
const MAX_SET_BYTES = 2048;
/** A stream has one to three, seldom a dozen. */
const MAX_SETS = 32;

/** One codec's ways with parameter sets. */
interface Codec {
  /** NAL unit types of VPS, SPS, PPS. */
  readonly types: readonly number[];
  readonly sps: number;
  readonly pps: number;
  readonly typeOf: (set: Uint8Array) => number;
  /** @throws ParameterSetError */
  readonly idOf: (type: number, set: Uint8Array) => number;
  /** The id of the PPS that a slice uses. @throws ParameterSetError */
  readonly ppsOf: (slice: Uint8Array) => number;
  /** The id of the SPS that a PPS belongs to. @throws ParameterSetError */
  readonly spsOf: (pps: Uint8Array) => number;
  /** @param sets of a type, of sequence parameter sets the one in use first @throws ParameterSetError */
  readonly read: (sets: (type: number) => readonly Uint8Array[]) => VideoParameters;
}

const AVC: Codec = {
  types: [h264.SPS, h264.PPS],
  ...{ sps: h264.SPS, pps: h264.PPS },
  typeOf: ([header = 0]) => header & 0x1f,
  idOf: (type, set) => (type === h264.SPS ? parseAvcSps(set).id : numberAt(set, 8, 0)),
  // 7.3.3: first_mb_in_slice and slice_type are before it.
  ppsOf: (slice) => numberAt(slice, 8, 2),
  spsOf: (pps) => numberAt(pps, 8, 1),
  read(sets) {
    const config = avcConfig(avcRecord({ sps: sets(h264.SPS), pps: sets(h264.PPS) }));
    const { fields, reordered } = parseAvcSps(sets(h264.SPS)[0] ?? new Uint8Array());
    return { config, interlaced: fields, reordered };
  },
};

const HEVC: Codec = {
  types: [h265.VPS, h265.SPS, h265.PPS],
  ...{ sps: h265.SPS, pps: h265.PPS },
  typeOf: ([header = 0]) => (header >> 1) & 0x3f,
  idOf(type, set) {
    if (type === h265.SPS) return parseHevcSps(set).id;
    return type === h265.VPS ? (set[2] ?? 0) >> 4 : numberAt(set, 16, 0);
  },
  // 7.3.6.1: of a random access picture's first slice segment, behind two flags.
  ppsOf: (slice) => numberAt(slice, 18, 0),
  spsOf: (pps) => numberAt(pps, 16, 1),
  read(sets) {
    const config = hevcConfig({ vps: sets(h265.VPS), sps: sets(h265.SPS), pps: sets(h265.PPS) });
    const { reordered } = parseHevcSps(sets(h265.SPS)[0] ?? new Uint8Array());
    return { config, interlaced: false, reordered };
  },
};

/** An Exp-Golomb code behind so many bits and so many others. */
function numberAt(unit: Uint8Array, skippedBits: number, skippedCodes: number): number {
  const bits = new BitReader('parameter set', unit);
  bits.skip(skippedBits);
  for (let index = 0; index < skippedCodes; index++) bits.unsigned();
  return bits.unsigned();
}

/** So much of a slice's header is looked at. */
const SLICE_BYTES = 24;

/**
 * The parameter sets of one stream: those in its SDP, until the stream brings some of the same type itself. What the SDP
 * says is often broken, or that of another stream of the camera.
 */
export class ParameterSets {
  readonly #codec: Codec;
  /** By type, then by id. */
  readonly #sets = new Map<number, Map<number, Uint8Array>>();
  /** Types of which the stream has brought some. */
  readonly #brought = new Set<number>();
  /** Why the newest SPS can't be used. */
  #refused: ParameterSetError | undefined;
  #changed = true;
  #current: VideoParameters | undefined;
  /** The SPS in use, where there are several. */
  #active: number | undefined;

  constructor(format: MediaFormat) {
    this.#codec = format.codec === 'h265' ? HEVC : AVC;
    for (const set of setsOfSdp(format)) this.#put(set);
    this.#refused = undefined;
    this.#changed = true;
  }

  /** @param set a whole NAL unit, in memory that nobody else writes to @returns whether it says something new */
  add(set: Uint8Array): boolean {
    const type = this.#codec.typeOf(set);
    if (!this.#brought.has(type)) {
      this.#brought.add(type);
      this.#sets.delete(type);
      this.#changed = true;
    }
    return this.#put(set);
  }

  /** Of several SPS the one that a keyframe's slice leads to is in use. */
  use(slice: NalUnit): void {
    const known = this.#sets.get(this.#codec.sps);
    if (known === undefined || known.size < 2) return;
    try {
      const head = Uint8Array.from({ length: Math.min(SLICE_BYTES, slice.size) }, (_, at) => slice.byte(at));
      const pps = this.#sets.get(this.#codec.pps)?.get(this.#codec.ppsOf(head));
      const sps = pps && this.#codec.spsOf(pps);
      if (sps === undefined || sps === this.#active || !known.has(sps)) return;
      this.#active = sps;
      this.#changed = true;
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error; // the first one is as good a guess
    }
  }

  /**
   * What is known; the same object while nothing changes. Undefined while a set is missing.
   * @throws ParameterSetError where the newest can't be used
   */
  current(): VideoParameters | undefined {
    if (this.#refused !== undefined) throw this.#refused;
    if (!this.#changed) return this.#current;
    if (!this.#codec.types.every((type) => this.#sets.has(type))) return undefined;
    const read = this.#codec.read((type) => this.#inOrder(type));
    this.#changed = false;
    if (this.#current === undefined || !isSame(read.config.record, this.#current.config.record)) this.#current = read;
    return this.#current;
  }

  #inOrder(type: number): Uint8Array[] {
    const sets = this.#sets.get(type) ?? new Map<number, Uint8Array>();
    const inUse = type === this.#codec.sps ? sets.get(this.#active ?? -1) : undefined;
    const others = [...sets.values()].filter((set) => set !== inUse);
    return inUse === undefined ? others : [inUse, ...others];
  }

  #put(set: Uint8Array): boolean {
    const type = this.#codec.typeOf(set);
    if (!this.#codec.types.includes(type)) return false;
    try {
      if (set.length > MAX_SET_BYTES) {
        throw new ParameterSetError(`expected a parameter set of at most ${MAX_SET_BYTES} bytes, got ${set.length}`);
      }
      const id = this.#codec.idOf(type, set);
      if (type === this.#codec.sps) this.#refused = undefined;
      const sets = this.#sets.get(type) ?? new Map<number, Uint8Array>();
      this.#sets.set(type, sets);
      if (isSame(sets.get(id), set) || (sets.size >= MAX_SETS && !sets.has(id))) return false;
      sets.set(id, set);
      this.#changed = true;
      return true;
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error;
      if (type === this.#codec.sps) this.#refused = error;
      return false;
    }
  }
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;

/** RFC 6184, 8.1, and RFC 7798, 7.1: NAL units in base64, some of them with start codes. */
function setsOfSdp({ parameters }: MediaFormat): Uint8Array[] {
  const sets: Uint8Array[] = [];
  const units = new NalUnits({ unit: (unit) => sets.push(unit.copy()), damaged: () => {} });
  for (const name of ['sprop-parameter-sets', 'sprop-vps', 'sprop-sps', 'sprop-pps']) {
    for (const text of parameters.get(name)?.split(',') ?? []) units.whole(Buffer.from(text, 'base64'));
  }
  return sets;
}
