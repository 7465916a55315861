/**
 * The bytes of one segment while they arrive, for any number of readers, each from the first byte on.
 *
 * They are kept in one block that grows by doubling; a reader is no more than its place in it, and is given what there
 * is whenever the runtime has room for it. So one that stalls costs nothing and holds nobody up. (Branches of a `tee()`
 * are cheaper, but the runtime pumps all of them at the pace of the slowest: one that stalls stalls them all.)
 */
const FIRST_BLOCK_BYTES = 128 * 1024;

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** How much of the block it has been given. */
  position: number;
  /** Whether it could take more than there was. */
  hungry: boolean;
}

export class SegmentBuffer {
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BLOCK_BYTES);
  #length = 0;
  #end: 'complete' | Error | undefined;
  readonly #readers = new Set<Reader>();

  get length(): number {
    return this.#length;
  }

  /** All that has arrived so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#from(0);
  }

  /** A reader from the first byte, in step with the writer. */
  attach(): ReadableStream<Uint8Array> {
    let reader: Reader | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = { controller, position: 0, hungry: false };
          this.#readers.add(reader);
        },
        pull: () => {
          if (reader !== undefined) this.#serve(reader);
        },
        cancel: () => {
          if (reader !== undefined) this.#readers.delete(reader);
        },
      },
      // Asked only when the runtime can write: what it takes is then all there is, in one piece.
      { highWaterMark: 0 },
    );
  }

  /** Passes a piece on to all readers. */
  write(piece: Uint8Array): void {
    this.#keep(piece);
    this.#serveHungry();
  }

  /** Every reader ends where the writer ended. */
  complete(): void {
    this.#end = 'complete';
    this.#serveHungry();
  }

  /** Every reader's response fails: nothing cut off may look complete. */
  abort(reason: Error): void {
    this.#end = reason;
    for (const { controller } of this.#readers) controller.error(reason);
    this.#readers.clear();
  }

  #serveHungry(): void {
    for (const reader of this.#readers) if (reader.hungry) this.#serve(reader);
  }

  #serve(reader: Reader): void {
    const piece = this.#from(reader.position);
    if (piece.byteLength > 0) {
      reader.position = this.#length;
      reader.hungry = false;
      reader.controller.enqueue(piece);
    } else if (this.#end === 'complete') {
      this.#readers.delete(reader);
      reader.controller.close();
    } else {
      reader.hungry = true;
    }
  }

  #keep(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength;
    if (length > this.#block.byteLength) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#block.byteLength));
      larger.set(this.bytes);
      this.#block = larger;
    }
    this.#block.set(piece, this.#length);
    this.#length = length;
  }

  /** A view of what never changes: bytes are only added, and a larger block is another one. */
  #from(position: number): Uint8Array<ArrayBuffer> {
    return this.#block.subarray(position, this.#length);
  }
}
