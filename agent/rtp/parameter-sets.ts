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
  readonly typeOf: (set: Uint8Array) => number;
  /** @throws ParameterSetError */
  readonly idOf: (type: number, set: Uint8Array) => number;
  /** @throws ParameterSetError */
  readonly read: (sets: (type: number) => readonly Uint8Array[]) => VideoParameters;
}

const AVC: Codec = {
  types: [h264.SPS, h264.PPS],
  sps: h264.SPS,
  typeOf: ([header = 0]) => header & 0x1f,
  idOf: (type, set) => (type === h264.SPS ? parseAvcSps(set).id : firstNumber(set, 8)),
  read(sets) {
    const config = avcConfig(avcRecord({ sps: sets(h264.SPS), pps: sets(h264.PPS) }));
    const { fields, reordered } = parseAvcSps(sets(h264.SPS)[0] ?? new Uint8Array());
    return { config, interlaced: fields, reordered };
  },
};

const HEVC: Codec = {
  types: [h265.VPS, h265.SPS, h265.PPS],
  sps: h265.SPS,
  typeOf: ([header = 0]) => (header >> 1) & 0x3f,
  idOf(type, set) {
    if (type === h265.SPS) return parseHevcSps(set).id;
    return type === h265.VPS ? (set[2] ?? 0) >> 4 : firstNumber(set, 16);
  },
  read(sets) {
    const config = hevcConfig({ vps: sets(h265.VPS), sps: sets(h265.SPS), pps: sets(h265.PPS) });
    const { reordered } = parseHevcSps(sets(h265.SPS)[0] ?? new Uint8Array());
    return { config, interlaced: false, reordered };
  },
};

/** The Exp-Golomb code that a PPS begins with, behind its header. */
function firstNumber(set: Uint8Array, headerBits: number): number {
  const bits = new BitReader('PPS', set);
  bits.skip(headerBits);
  return bits.unsigned();
}

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

  constructor(format: MediaFormat) {
    this.#codec = format.codec === 'h265' ? HEVC : AVC;
    for (const set of setsOfSdp(format)) this.#put(set);
    this.#refused = undefined;
    this.#changed = true;
  }

  /** @param set a whole NAL unit, in memory that nobody else writes to */
  add(set: Uint8Array): void {
    const type = this.#codec.typeOf(set);
    if (!this.#brought.has(type)) {
      this.#brought.add(type);
      this.#sets.delete(type);
      this.#changed = true;
    }
    this.#put(set);
  }

  /**
   * What is known; the same object while nothing changes. Undefined while a set is missing.
   * @throws ParameterSetError where the newest can't be used
   */
  current(): VideoParameters | undefined {
    if (this.#refused !== undefined) throw this.#refused;
    if (!this.#changed) return this.#current;
    if (!this.#codec.types.every((type) => this.#sets.has(type))) return undefined;
    const read = this.#codec.read((type) => this.#sets.get(type)?.values().toArray() ?? []);
    this.#changed = false;
    if (this.#current === undefined || !isSame(read.config.record, this.#current.config.record)) this.#current = read;
    return this.#current;
  }

  #put(set: Uint8Array): void {
    const type = this.#codec.typeOf(set);
    if (!this.#codec.types.includes(type)) return;
    try {
      if (set.length > MAX_SET_BYTES) {
        throw new ParameterSetError(`expected a parameter set of at most ${MAX_SET_BYTES} bytes, got ${set.length}`);
      }
      const id = this.#codec.idOf(type, set);
      if (type === this.#codec.sps) this.#refused = undefined;
      const sets = this.#sets.get(type) ?? new Map<number, Uint8Array>();
      this.#sets.set(type, sets);
      if (isSame(sets.get(id), set) || (sets.size >= MAX_SETS && !sets.has(id))) return;
      sets.set(id, set);
      this.#changed = true;
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error;
      if (type === this.#codec.sps) this.#refused = error;
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
