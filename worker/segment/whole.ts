import type { Seat } from './seats.ts';

/**
 * Those who read a complete segment, each in pieces small enough that one who stops reading holds no more than one of
 * them: the runtime copies what it is given, and keeps it until it is written.
 */
const PIECE_BYTES = 256 * 1024;

type Reader = ReadableStreamDefaultController<Uint8Array>;

export class WholeReaders {
  /** Each with its seat. */
  readonly #readers = new Map<Reader, Seat>();

  /**
   * @param bytes that never change
   * @param seat is left when all is taken, or the reader has gone or fails
   */
  attach(bytes: Uint8Array, seat: Seat): ReadableStream<Uint8Array> {
    let position = 0;
    let reader: Reader | undefined;
    return new ReadableStream<Uint8Array>(
      {
        expectedLength: bytes.byteLength,
        start: (controller) => {
          reader = controller;
          this.#readers.set(controller, seat);
          seat.read(() => this.#fail(controller, new Error('another viewer has its place')));
        },
        pull: (controller) => {
          const piece = bytes.subarray(position, position + PIECE_BYTES);
          position += piece.byteLength;
          if (piece.byteLength > 0) controller.enqueue(piece);
          if (position < bytes.byteLength) return;
          controller.close();
          this.#leave(controller);
        },
        cancel: () => {
          if (reader !== undefined) this.#leave(reader);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Every response that is under way fails. */
  release(reason: Error): void {
    for (const reader of this.#readers.keys()) this.#fail(reader, reason);
  }

  #fail(reader: Reader, reason: Error): void {
    reader.error(reason);
    this.#leave(reader);
  }

  #leave(reader: Reader): void {
    this.#readers.get(reader)?.leave();
    this.#readers.delete(reader);
  }
}
