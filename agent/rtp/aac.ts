import { BitReader } from '../cmaf/bits.ts';
import type { AudioConfig } from '../media/track.ts';
import type { MediaFormat } from './format.ts';

/** AAC in RTP (RFC 3640): its configuration, and what is in a packet. */

/** `samplingFrequencyIndex` (ISO/IEC 14496-3, table 1.18); 15: told in full. */
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
] as const;
const IN_FULL = 15;

/** `audioObjectType` (table 1.17): low complexity; with others behind an escape. */
const LOW_COMPLEXITY = 2;
const ESCAPE = 31;
/** Spectral band replication, and parametric stereo: an extension of another type, told behind them. */
const EXTENSIONS: ReadonlySet<number> = new Set([5, 29]);

/** How the headers in a packet are laid out, in bits (RFC 3640, 4.1), and what frames are. */
export interface AacFormat {
  readonly config: AudioConfig;
  /** From frame to frame, in samples. */
  readonly frameLength: number;
  readonly sizeBits: number;
  readonly indexBits: number;
  readonly deltaBits: number;
}

/** Of high bit rates (3.3.6), as cameras have it; what they leave out is taken for this. */
const [SIZE_BITS, INDEX_BITS] = [13, 3];

/** @throws ParameterSetError */
export function aacFormat({ parameters, clockRate, channels }: MediaFormat): AacFormat {
  const told = Buffer.from(parameters.get('config') ?? '', 'hex');
  const record = told.length >= 2 ? new Uint8Array(told) : madeUp(clockRate, channels);
  const bits = new BitReader('AudioSpecificConfig', record);
  const type = readType(bits);
  const sampleRate = readSampleRate(bits) ?? clockRate;
  const configuration = bits.read(4); // channelConfiguration: 7 is 7.1
  if (EXTENSIONS.has(type)) {
    readSampleRate(bits);
    readType(bits);
  }
  const short = bits.flag(); // frameLengthFlag
  const number = (name: string, otherwise: number): number => {
    const value = Number(parameters.get(name) ?? otherwise);
    return Number.isInteger(value) && value >= 0 && value <= 32 ? value : otherwise;
  };
  return {
    config: {
      ...{ kind: 'audio', codec: 'aac', record, codecs: `mp4a.40.${type}`, sampleRate },
      channels: configuration === 7 ? 8 : configuration || channels,
    },
    frameLength: short ? 960 : 1024,
    sizeBits: number('sizelength', SIZE_BITS),
    indexBits: number('indexlength', INDEX_BITS),
    deltaBits: number('indexdeltalength', INDEX_BITS),
  };
}

function readType(bits: BitReader): number {
  const type = bits.read(5);
  return type === ESCAPE ? 32 + bits.read(6) : type;
}

function readSampleRate(bits: BitReader): number | undefined {
  const index = bits.read(4);
  return index === IN_FULL ? bits.read(24) : SAMPLE_RATES[index];
}

/** Low complexity, at the rate of the timestamps. */
function madeUp(clockRate: number, channels: number): Uint8Array {
  const found = SAMPLE_RATES.findIndex((rate) => rate === clockRate);
  const index = found === -1 ? SAMPLE_RATES.indexOf(48_000) : found;
  const bits = (LOW_COMPLEXITY << 11) | (index << 7) | (channels << 3);
  return Uint8Array.of(bits >> 8, bits & 0xff);
}

/** A frame, or as much of it as is in the packet. */
export interface AacUnit {
  /** Frames from the packet's timestamp. */
  readonly index: number;
  /** Bytes of the whole frame. */
  readonly size: number;
  readonly data: Uint8Array;
}

/** What is in a packet (3.2). @returns undefined where its headers say what can't be */
export function aacUnits(payload: Uint8Array, format: AacFormat): AacUnit[] | undefined {
  const headerBits = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  const headerBytes = Math.ceil(headerBits / 8);
  if (format.sizeBits === 0 || payload.length < 2 + headerBytes) return undefined;
  const headers = payload.subarray(2, 2 + headerBytes);
  const units: AacUnit[] = [];
  let at = 2 + headerBytes;
  let index = 0;
  for (let bit = 0; bit < headerBits;) {
    const first = units.length === 0;
    const indexBits = first ? format.indexBits : format.deltaBits;
    if (bit + format.sizeBits + indexBits > headerBits) return undefined;
    const size = bitsAt(headers, bit, format.sizeBits);
    const delta = bitsAt(headers, bit + format.sizeBits, indexBits);
    index = first ? 0 : index + 1 + delta;
    bit += format.sizeBits + indexBits;
    units.push({ index, size, data: payload.subarray(at, at + size) });
    at += size;
  }
  // One may go on in other packets (3.2.3); of several each is whole.
  return units.length > 1 && at > payload.length ? undefined : units;
}

function bitsAt(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let bit = from; bit < from + count; bit++) value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return value;
}
