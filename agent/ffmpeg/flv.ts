import type { Frame } from '../media/frame.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/**
 * Reads FFmpeg's `-f flv` from a pipe: one H.264 video track without B frames. An FLV tag is one whole frame of known
 * length, so a frame is known to be complete when its last byte is there (the mp4 muxer holds it until the next one).
 *
 *     file header ──▶ tag header ──────────▶ skipped ──────────▶ tag header
 *                          └──▶ video header ──┬──▶ config ────▶ tag header
 *                                              ├──▶ frame ─────▶ tag header
 *                                              └── (empty) ────▶ tag header
 *
 * Adobe Flash Video File Format Specification 10.1, annex E. The size of the previous tag that follows each tag is read
 * as the beginning of the next tag's header: nobody waits for it, and it shows at once when the framing is lost.
 */

/** One encoded frame, as FFmpeg's clock and FLV's have it; its bytes as in `media/frame.ts`. */
export interface FlvFrame extends Pick<Frame, 'keyframe' | 'data' | 'size'> {
  /** Presentation time; without B frames that is the decoding time too. */
  readonly time: Milliseconds;
}

export type FlvEvent =
  /** An AVCDecoderConfigurationRecord (14496-15, 5.3.3): first of all, and when the encoder changes it. */
  { readonly kind: 'config'; readonly avcC: Uint8Array } | { readonly kind: 'frame'; readonly frame: FlvFrame };

export class FlvError extends Error {
  override readonly name = 'FlvError';
  readonly offset: number;

  /** @param offset in bytes, from the start of the stream */
  constructor(expected: string, got: string, offset: number) {
    super(`FLV: expected ${expected}, got ${got} at byte ${offset}`);
    this.offset = offset;
  }
}

type Part = 'file header' | 'tag header' | 'video header' | 'config' | 'frame' | 'skipped';

const FILE_HEADER_SIZE = 9;
const PREVIOUS_TAG_SIZE = 4;
const TAG_HEADER_SIZE = 11;
const VIDEO_HEADER_SIZE = 5;

/** The encoder may put a second's bits into one frame, and the most that can be configured is 100 Mbit/s. */
export const MAX_TAG_BYTES = 13_000_000;

const AUDIO_TAG = 8;
const VIDEO_TAG = 9;
const SCRIPT_TAG = 18;

const AVC = 7;
const KEY_FRAME = 1;
const INTER_FRAME = 2;

const SEQUENCE_HEADER = 0;
const NAL_UNITS = 1;
const END_OF_SEQUENCE = 2;

/** FFmpeg writes 31 of a timestamp's bits, and starts over at 0 after 24.8 days. */
const TIMESTAMP_RANGE = 2 ** 31;

export class FlvReader {
  #part: Part = 'file header';
  /** Bytes of the part still to come; never 0 between chunks. */
  #missing = FILE_HEADER_SIZE;
  /** What has come of the part. */
  #pieces: Uint8Array[] = [];
  /** Bytes taken from the stream so far. */
  #offset = 0;
  /** Size of the last tag whose header was read, header included. */
  #tagSize = 0;
  #timestamp = 0;
  #keyframe = false;
  #compositionOffset = 0;
  /** Decoding time of the last frame, unwrapped. */
  #time: number | undefined;

  /**
   * What a chunk completes. Works as the result is iterated, so iterate to the end before the next chunk; the chunk
   * must not be written to afterwards, for frames hold slices of it.
   */
  *push(chunk: Uint8Array): Generator<FlvEvent, void, undefined> {
    let position = 0;
    while (position < chunk.length) {
      const piece = chunk.subarray(position, position + this.#missing);
      position += piece.length;
      this.#offset += piece.length;
      this.#missing -= piece.length;
      this.#pieces.push(piece);
      if (this.#missing > 0) return;
      const event = this.#complete();
      if (event !== undefined) yield event;
    }
  }

  #complete(): FlvEvent | undefined {
    const pieces = this.#pieces;
    this.#pieces = [];
    switch (this.#part) {
      case 'file header':
        this.#readFileHeader(viewOf(pieces));
        return undefined;
      case 'tag header':
        this.#readTagHeader(viewOf(pieces));
        return undefined;
      case 'video header':
        this.#readVideoHeader(viewOf(pieces));
        return undefined;
      case 'config':
        this.#expect('tag header', PREVIOUS_TAG_SIZE + TAG_HEADER_SIZE);
        return { kind: 'config', avcC: joined(pieces) };
      case 'frame':
        this.#expect('tag header', PREVIOUS_TAG_SIZE + TAG_HEADER_SIZE);
        return { kind: 'frame', frame: this.#frame(pieces) };
      case 'skipped':
        this.#expect('tag header', PREVIOUS_TAG_SIZE + TAG_HEADER_SIZE);
        return undefined;
    }
  }

  /** An empty part is over before it begins: then the next tag follows. */
  #expect(part: Part, size: number): void {
    this.#part = size === 0 ? 'tag header' : part;
    this.#missing = size === 0 ? PREVIOUS_TAG_SIZE + TAG_HEADER_SIZE : size;
  }

  /** E.2: «FLV», version 1, flags, and its own size. */
  #readFileHeader(header: DataView): void {
    const start = this.#offset - FILE_HEADER_SIZE;
    const signature = header.getUint32(0);
    if (signature !== 0x464c5601) throw new FlvError('signature 464c5601 («FLV» 1)', hex(signature, 8), start);
    const size = header.getUint32(5);
    if (size !== FILE_HEADER_SIZE) throw new FlvError(`a header of ${FILE_HEADER_SIZE} bytes`, `${size}`, start + 5);
    this.#expect('tag header', PREVIOUS_TAG_SIZE + TAG_HEADER_SIZE);
  }

  /** E.3 and E.4.1. What a tag says of its size bounds what a broken stream can make us keep. */
  #readTagHeader(header: DataView): void {
    const start = this.#offset - TAG_HEADER_SIZE;
    const previous = header.getUint32(0);
    if (previous !== this.#tagSize) {
      throw new FlvError(`previous tag's size ${this.#tagSize}`, `${previous}`, start - PREVIOUS_TAG_SIZE);
    }
    const type = header.getUint8(4);
    if (type !== AUDIO_TAG && type !== VIDEO_TAG && type !== SCRIPT_TAG) {
      throw new FlvError(`tag type ${AUDIO_TAG}, ${VIDEO_TAG} or ${SCRIPT_TAG}`, `${type}`, start);
    }
    const size = getUint24(header, 5);
    if (type === VIDEO_TAG && size < VIDEO_HEADER_SIZE) {
      throw new FlvError(`a video tag of at least ${VIDEO_HEADER_SIZE} bytes`, `${size}`, start + 1);
    }
    if (size > MAX_TAG_BYTES) {
      throw new FlvError(`a tag of at most ${MAX_TAG_BYTES} bytes`, `${size}`, start + 1);
    }
    const streamId = getUint24(header, 12);
    if (streamId !== 0) throw new FlvError('stream id 0', `${streamId}`, start + 8);
    this.#tagSize = TAG_HEADER_SIZE + size;
    this.#timestamp = getUint24(header, 8) + (header.getUint8(11) & 0x7f) * 2 ** 24;
    if (type === VIDEO_TAG) this.#expect('video header', VIDEO_HEADER_SIZE);
    else this.#expect('skipped', size);
  }

  /** E.4.3.1: frame type and codec, then what AVC adds. */
  #readVideoHeader(header: DataView): void {
    const start = this.#offset - VIDEO_HEADER_SIZE;
    const first = header.getUint8(0);
    const frameType = first >> 4;
    if ((first & 0xf) !== AVC || (frameType !== KEY_FRAME && frameType !== INTER_FRAME)) {
      throw new FlvError('a key or inter frame of AVC (17 or 27)', hex(first, 2), start);
    }
    const packetType = header.getUint8(1);
    const size = this.#tagSize - TAG_HEADER_SIZE - VIDEO_HEADER_SIZE;
    this.#keyframe = frameType === KEY_FRAME;
    this.#compositionOffset = (getUint24(header, 2) << 8) >> 8;
    switch (packetType) {
      case SEQUENCE_HEADER:
        return this.#expect('config', size);
      case NAL_UNITS:
        return this.#expect('frame', size);
      case END_OF_SEQUENCE:
        return this.#expect('skipped', size);
      default:
        throw new FlvError('AVC packet type 0, 1 or 2', `${packetType}`, start + 1);
    }
  }

  #frame(data: readonly Uint8Array[]): FlvFrame {
    // Only frames count for unwrapping: FFmpeg writes 0 into the tags of its header, whatever time it is.
    this.#time = this.#time === undefined ? this.#timestamp : unwrapped(this.#timestamp, this.#time);
    return {
      time: milliseconds(this.#time + this.#compositionOffset),
      keyframe: this.#keyframe,
      data,
      size: this.#tagSize - TAG_HEADER_SIZE - VIDEO_HEADER_SIZE,
    };
  }
}

/** The time nearest to `last` that leaves `timestamp` modulo its range. */
function unwrapped(timestamp: number, last: number): number {
  const forward = (((timestamp - last) % TIMESTAMP_RANGE) + TIMESTAMP_RANGE) % TIMESTAMP_RANGE;
  return last + (forward < TIMESTAMP_RANGE / 2 ? forward : forward - TIMESTAMP_RANGE);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    whole.set(piece, position);
    position += piece.length;
  }
  return whole;
}

/** For headers: a few bytes, nearly always in one piece. */
function viewOf(pieces: readonly Uint8Array[]): DataView {
  const [first] = pieces;
  const bytes = pieces.length === 1 && first !== undefined ? first : joined(pieces);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const getUint24 = (view: DataView, offset: number): number => (view.getUint16(offset) << 8) | view.getUint8(offset + 2);

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
