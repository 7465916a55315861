import { LENGTH_BYTES, NalUnit } from './nal-unit.ts';
import { endOfStartCode, indexOfStartCode, START_CODE_BYTES, trailingZeros } from './start-code.ts';

/** As the FLV reader's: a second's bits at 100 Mbit/s. A frame is no larger either. */
export const MAX_FRAME_BYTES = 13_000_000;
/** Pieces of a frame: what is small, but endless, is refused too. */
export const MAX_FRAME_PIECES = 32_768;

/** Units in one packet: nobody has so many, and whoever sends them wants to keep us busy. */
export const MAX_UNITS_IN_PACKET = 256;

export interface NalUnitSink {
  readonly unit: (unit: NalUnit) => void;
  /** A unit that won't be told, because something of it is missing, or there is no end of it. */
  readonly damaged: () => void;
}

/**
 * Puts NAL units together of the pieces they come in, and takes apart what should be one and is several, with start codes
 * between them: in one piece, across the edge of two, in front of the first, behind the last.
 *
 *     closed ──whole──▶ closed          the unit, or the several in it
 *     closed ──begin──▶ open ──more──▶ open ──end──▶ closed
 *                        └──abandon, or too large──▶ closed: what still comes of it is damage
 */
export class NalUnits {
  readonly #sink: NalUnitSink;
  #open = false;
  #pieces: Uint8Array[] = [];
  #size = 0;
  /** Bytes at the unit's end, so far, that may be the beginning of a start code. */
  #zeros = 0;

  constructor(sink: NalUnitSink) {
    this.#sink = sink;
  }

  /** Whether there is one of which not all has come. */
  get open(): boolean {
    return this.#open;
  }

  /** @param unit with its header */
  whole(unit: Uint8Array): void {
    if (indexOfStartCode(unit, 0) === -1) {
      if (unit.length > 0) this.#sink.unit(new NalUnit([Buffer.allocUnsafe(LENGTH_BYTES), unit], unit.length));
      return;
    }
    this.begin();
    this.more(unit);
    this.end();
  }

  /** @param header the unit's, where the pieces to come don't begin with it */
  begin(...header: readonly number[]): void {
    const head = Buffer.allocUnsafe(LENGTH_BYTES + header.length);
    head.set(header, LENGTH_BYTES);
    this.#open = true;
    this.#pieces = [head];
    this.#size = header.length;
    this.#zeros = 0;
  }

  more(piece: Uint8Array): void {
    if (!this.#open) return this.#sink.damaged();
    let rest = piece;
    for (let units = 0; ; units++) {
      // One that began in the pieces before, or one that is all in here.
      const across = endOfStartCode(rest, this.#zeros);
      const start = across === -1 ? indexOfStartCode(rest, 0) : 0;
      if (start === -1) break;
      if (units === MAX_UNITS_IN_PACKET) {
        this.abandon();
        return this.#sink.damaged();
      }
      this.#add(rest.subarray(0, start));
      this.#close();
      rest = rest.subarray(across === -1 ? start + START_CODE_BYTES : across);
      this.begin();
    }
    this.#add(rest);
    this.#zeros = trailingZeros(rest, this.#zeros);
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#size > 0) this.#sink.unit(new NalUnit(this.#pieces, this.#size));
    this.#pieces = [];
  }

  /** No more of it will come. */
  abandon(): void {
    this.#open = false;
    this.#pieces = [];
  }

  /** There is one in what came that can't be told. */
  damaged(): void {
    this.#sink.damaged();
  }

  #add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size <= MAX_FRAME_BYTES && this.#pieces.length <= MAX_FRAME_PIECES) return;
    this.abandon();
    this.#sink.damaged();
  }

  /** In front of a start code. «The last byte of the NAL unit shall not be equal to 0x00» (7.4.1): zeros are filling. */
  #close(): void {
    for (let last = this.#pieces.length - 1; last > 0; last--) {
      const piece = this.#pieces[last]!;
      const zeros = trailingZeros(piece, 0);
      this.#size -= zeros;
      if (zeros < piece.length) {
        this.#pieces[last] = piece.subarray(0, piece.length - zeros);
        break;
      }
      this.#pieces.pop();
    }
    this.end();
  }
}
