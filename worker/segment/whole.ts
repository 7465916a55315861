/**
 * Those who read a complete segment, each in pieces small enough that one who stops reading holds no more than one of
 * them: the runtime copies what it is given, and keeps it until it is written.
 */
const PIECE_BYTES = 256 * 1024;

export class WholeReaders {
  readonly #controllers = new Set<ReadableStreamDefaultController<Uint8Array>>();

  /** How many read. */
  get size(): number {
    return this.#controllers.size;
  }

  /** @param bytes that never change */
  attach(bytes: Uint8Array): ReadableStream<Uint8Array> {
    let position = 0;
    let reader: ReadableStreamDefaultController<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>(
      {
        expectedLength: bytes.byteLength,
        start: (controller) => {
          reader = controller;
          this.#controllers.add(controller);
        },
        pull: (controller) => {
          const piece = bytes.subarray(position, position + PIECE_BYTES);
          position += piece.byteLength;
          if (piece.byteLength > 0) controller.enqueue(piece);
          if (position < bytes.byteLength) return;
          this.#controllers.delete(controller);
          controller.close();
        },
        cancel: () => {
          if (reader !== undefined) this.#controllers.delete(reader);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Every response that is under way fails. */
  release(reason: Error): void {
    for (const controller of this.#controllers) controller.error(reason);
    this.#controllers.clear();
  }
}
