import type { Milliseconds } from '../../protocol/units.ts';
import type { Problem } from '../errors.ts';
import type { SegmentBuffer } from './buffer.ts';

/** A segment of 30 Mbit/s and 8 s; an isolate has 128 MB for all its objects. */
export const MAX_SEGMENT_BYTES = 32 * 1024 * 1024;
/** Room for a whole fragment: the default reader hands over 4 KiB pieces, each of which costs a round through JavaScript. */
const READ_BYTES = 256 * 1024;
/** How often silence is looked for within the time it may last: it is noticed at most a quarter of that later. */
const LOOKS = 4;

/** How a PUT ended. */
export type UploadEnd =
  | { readonly kind: 'whole' }
  /** What has come is good, and the same writer may send it again. */
  | { readonly kind: 'broken'; readonly problem: Problem }
  /** What has come is of no use. */
  | { readonly kind: 'invalid'; readonly why: 'too large' | 'different'; readonly problem: Problem }
  /** Somebody else has taken its place, or there is none any more. */
  | { readonly kind: 'stopped'; readonly problem: Problem };

/** One PUT, on its way into the segment's buffer; what an earlier PUT of the same bytes has brought is skipped. */
export class Upload {
  readonly #buffer: SegmentBuffer;
  readonly #reader: ReadableStreamBYOBReader | undefined;
  /** What a whole body ends with, if that is known. */
  readonly #lastBytes: Uint8Array | undefined;
  /** Looks since the last byte. A count instead of a time: a piece that comes costs no look at a clock and no timer. */
  #quiet = 0;
  #watch: number | null = null;
  /** Set when it was decided from outside. */
  #end: UploadEnd | undefined;

  /**
   * @param options.patience how long it may say nothing
   * @param options.end what it ends with when it is whole, if that is known
   */
  constructor(
    body: ReadableStream<Uint8Array> | null,
    buffer: SegmentBuffer,
    { patience, end }: { readonly patience: Milliseconds; readonly end?: Uint8Array | undefined },
  ) {
    this.#buffer = buffer;
    this.#lastBytes = end;
    this.#reader = body?.getReader({ mode: 'byob' });
    this.#fallsSilentAfter(patience, {
      kind: 'out of bounds',
      status: 408,
      expected: 'more of the body, or its end',
      got: `nothing for ${patience / 1000} s`,
    });
  }

  /** Another writer waits for this one to fall silent. */
  hurry(patience: Milliseconds): void {
    this.#fallsSilentAfter(patience, { kind: 'another encoder writes this segment' });
  }

  /** Ends it now, not when its next byte comes. */
  stop(problem: Problem): void {
    this.#finish({ kind: 'stopped', problem });
  }

  async receive(): Promise<UploadEnd> {
    try {
      return await this.#read();
    } catch {
      // workerd's reader throws «Network connection lost» on a chunked body that ends without its last chunk.
      return this.#end ?? BROKE_OFF;
    } finally {
      clearInterval(this.#watch);
      // Whoever sends what is no longer wanted is told so by the response; its body is not read to the end.
      this.#reader?.cancel().catch(() => {});
    }
  }

  async #read(): Promise<UploadEnd> {
    const buffer = this.#buffer;
    let room = new ArrayBuffer(READ_BYTES);
    let position = 0;
    for (;;) {
      const piece = await this.#reader?.read(new Uint8Array(room));
      if (this.#end !== undefined) return this.#end;
      if (piece === undefined || piece.done) return this.#endAt(position);
      const { value } = piece;
      this.#quiet = 0;
      room = value.buffer;
      const known = Math.min(value.byteLength, buffer.length - position);
      if (known > 0 && !sameBytes(value.subarray(0, known), buffer.bytes.subarray(position, position + known))) {
        return DIFFERENT;
      }
      position += value.byteLength;
      if (position > MAX_SEGMENT_BYTES) return TOO_LARGE;
      if (known < value.byteLength) buffer.write(known > 0 ? value.subarray(known) : value);
    }
  }

  /** What a body is that has ended there, of which so far every byte is the buffer's. */
  #endAt(position: number): UploadEnd {
    const expected = this.#lastBytes;
    if (expected !== undefined) {
      const last = this.#buffer.bytes.subarray(Math.max(0, position - expected.byteLength), position);
      if (!sameBytes(last, expected)) return BROKE_OFF;
    }
    return position < this.#buffer.length ? DIFFERENT : { kind: 'whole' };
  }

  #fallsSilentAfter(patience: Milliseconds, problem: Problem): void {
    clearInterval(this.#watch);
    this.#quiet = 0;
    this.#watch = setInterval(() => {
      this.#quiet += 1;
      if (this.#quiet > LOOKS) this.#finish({ kind: 'broken', problem });
    }, patience / LOOKS);
  }

  #finish(end: UploadEnd): void {
    this.#end ??= end;
    clearInterval(this.#watch);
    this.#reader?.cancel().catch(() => {});
  }
}

const BROKE_OFF: UploadEnd = { kind: 'broken', problem: { kind: 'upload broke off' } };
const TOO_LARGE: UploadEnd = {
  kind: 'invalid',
  why: 'too large',
  problem: { kind: 'body too large', maxBytes: MAX_SEGMENT_BYTES },
};
const DIFFERENT: UploadEnd = {
  kind: 'invalid',
  why: 'different',
  problem: { kind: 'bad body', detail: 'a PUT sent again has to begin with the bytes sent before' },
};

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
