/**
 * The bytes of one segment while they arrive, for any number of readers, each from the first byte on.
 *
 * An `IdentityTransformStream` that is never read but `tee()`d: a reader takes one branch, the other stays as the tail
 * for the next. The runtime then copies to readers natively: a fragment costs no JavaScript per viewer, and one that
 * stalls holds nobody up. A further branch is drained, so that writing never waits for a reader.
 *
 * The bytes are also kept in one block that grows by doubling: what a complete segment is served from, what one who
 * joins in the middle gets first, and what a PUT that is sent again is compared with.
 */
const FIRST_BLOCK_BYTES = 128 * 1024;

export class SegmentBuffer {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #tail: ReadableStream<Uint8Array>;
  #block = new Uint8Array(FIRST_BLOCK_BYTES);
  #length = 0;
  /** Readers that came after the first byte. */
  readonly #late = new Set<WritableStreamDefaultWriter<Uint8Array>>();

  constructor() {
    const { readable, writable } = new IdentityTransformStream();
    const [tail, drained] = readable.tee();
    this.#tail = tail;
    this.#writer = writable.getWriter();
    // Both end as the writer does, whose own outcome is what counts.
    drained.pipeTo(new WritableStream()).catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  get length(): number {
    return this.#length;
  }

  /** All that has arrived so far. */
  get bytes(): Uint8Array {
    return this.#block.subarray(0, this.#length);
  }

  /** A reader from the first byte, in step with the writer. */
  attach(): ReadableStream<Uint8Array> {
    if (this.#length > 0) return this.#attachLate();
    const [branch, tail] = this.#tail.tee();
    this.#tail = tail;
    return branch;
  }

  /**
   * The runtime's pump looks at what already lies in a branch only when the next piece comes: one who joins in the
   * middle would wait for it. So those few are written to, what there is first and then, with the others, the rest.
   */
  #attachLate(): ReadableStream<Uint8Array> {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    this.#late.add(writer);
    this.#writeLate(writer, this.bytes);
    return readable;
  }

  /** Not awaited: a late reader that stalls, or leaves, holds nobody up. */
  #writeLate(writer: WritableStreamDefaultWriter<Uint8Array>, piece: Uint8Array): void {
    writer.write(piece).catch(() => this.#late.delete(writer));
  }

  /** Passes a piece on to all readers. */
  async write(piece: Uint8Array): Promise<void> {
    this.#keep(piece);
    for (const late of this.#late)
      this.#writeLate(late, this.#block.subarray(this.#length - piece.byteLength, this.#length));
    await this.#writer.write(piece);
  }

  /** Every reader ends where the writer ended. */
  async complete(): Promise<void> {
    for (const late of this.#late) late.close().catch(() => {});
    await this.#writer.close();
    await this.#tail.cancel();
  }

  /** Every reader's response fails: nothing cut off may look complete. */
  async abort(reason: Error): Promise<void> {
    for (const late of this.#late) late.abort(reason).catch(() => {});
    await this.#writer.abort(reason);
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
}
