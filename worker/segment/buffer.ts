import type { Seat } from './seats.ts';

/**
 * The bytes of one segment while they arrive, for any number of readers, each from the first byte on.
 *
 * They are kept in one block that grows by doubling, and is cut to what is in it when they are complete; a reader's stream
 * is given views of it: of all there is when it comes, then of each piece. So one that stalls holds nobody up, and what it
 * has not taken costs it a view a piece.
 * (Branches of a `tee()` are cheaper, but the runtime pumps all of them at the pace of the slowest: one that stalls
 * stalls them all. Streams that are asked for each piece, by `pull`, are dearer by a fifth.)
 */
const FIRST_BLOCK_BYTES = 128 * 1024;

/**
 * About what it takes to give one reader one piece, in milliseconds. To end its response takes as long: done while others
 * wait for their last piece, it is late for half of them.
 */
const GIVING_MS = 0.06;

/** What some readers get instead of the first `instead` bytes. */
export interface Beginning {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly instead: number;
}

type Reader = ReadableStreamDefaultController<Uint8Array>;

export class SegmentBuffer {
  #block: Uint8Array<ArrayBuffer> = new Uint8Array();
  #length = 0;
  readonly #completed = Promise.withResolvers<void>();
  /** Those who have not taken it to its end, each with its seat. */
  readonly #readers = new Map<Reader, Seat | undefined>();
  /** Told of the next piece, or that none will come, where somebody waits for it. */
  #more: PromiseWithResolvers<boolean> | undefined;
  #isOver = false;
  #isComplete = false;

  get length(): number {
    return this.#length;
  }

  /** All that has arrived so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#from(0);
  }

  /** All of it for one who gets another beginning. */
  bytesWith({ bytes, instead }: Beginning): Uint8Array<ArrayBuffer> {
    const rest = this.#from(instead);
    const whole = new Uint8Array(bytes.byteLength + rest.byteLength);
    whole.set(bytes);
    whole.set(rest, bytes.byteLength);
    return whole;
  }

  /** Waits for the next piece. @returns whether one has come: none will once it is false */
  async more(): Promise<boolean> {
    if (this.#isOver) return false;
    this.#more ??= Promise.withResolvers();
    return this.#more.promise;
  }

  /**
   * A reader from the first byte, in step with the writer.
   * @param seat is left when it has taken all, has gone or fails
   * @param beginning what it gets instead of the first bytes
   */
  attach(seat?: Seat, beginning?: Beginning): ReadableStream<Uint8Array> {
    let reader: Reader | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = controller;
          this.#readers.set(controller, seat);
          seat?.read(() => this.#fail(controller, new Error('another viewer has its place')));
          if (beginning !== undefined) controller.enqueue(beginning.bytes);
          const from = beginning?.instead ?? 0;
          if (this.#length > from) controller.enqueue(this.#from(from));
        },
        // Called for more than there is: once, for it is not called again before it has answered.
        pull: async (controller) => {
          await this.#completed.promise;
          // What it has not taken comes first; it asks again after that.
          if (controller.desiredSize !== 0) return;
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

  /** Passes a piece on to all readers. */
  write(piece: Uint8Array): void {
    const from = this.#length;
    this.#keep(piece);
    const kept = this.#from(from);
    for (const reader of this.#readers.keys()) reader.enqueue(kept);
    if (this.#more !== undefined) this.#tell(true);
  }

  /** Every reader ends where the writer ended, after all have been given the last piece. */
  complete(): void {
    this.#tell(false);
    setTimeout(() => {
      this.#completed.resolve();
      this.#isComplete = true;
      this.#cut();
    }, this.#readers.size * GIVING_MS);
  }

  /** Every reader's response fails: nothing cut off may look complete. */
  abort(reason: Error): void {
    for (const reader of this.#readers.keys()) this.#fail(reader, reason);
    this.#tell(false);
  }

  /** Lets the bytes go; every response still under way fails, also those that only have to be read to their end. */
  release(reason: Error): void {
    this.abort(reason);
    this.#block = new Uint8Array();
    this.#length = 0;
  }

  #fail(reader: Reader, reason: Error): void {
    reader.error(reason);
    this.#leave(reader);
  }

  #leave(reader: Reader): void {
    this.#readers.get(reader)?.leave();
    this.#readers.delete(reader);
    this.#cut();
  }

  /** Lets the room go that the block had to grow; not while somebody has views of it, as then there were two. */
  #cut(): void {
    if (!this.#isComplete || this.#readers.size > 0 || this.#length === this.#block.byteLength) return;
    this.#block = this.#block.slice(0, this.#length);
  }

  #tell(hasCome: boolean): void {
    this.#isOver ||= !hasCome;
    this.#more?.resolve(hasCome);
    this.#more = undefined;
  }

  #keep(piece: Uint8Array): void {
    const length = this.#length + piece.byteLength;
    if (length > this.#block.byteLength) {
      const larger = new Uint8Array(Math.max(FIRST_BLOCK_BYTES, length, 2 * this.#block.byteLength));
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
