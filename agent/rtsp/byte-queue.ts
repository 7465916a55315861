/**
 * Bytes that have come and are not used yet, in one piece. What it hands out are views; none of their bytes is written
 * again. Bytes are copied only when something is not whole at a chunk's end, and each a bounded number of times however
 * small the chunks are.
 */
export class ByteQueue {
  #block: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Whether the block is one of ours, with room behind its end, and not somebody's chunk. */
  #own = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** All there is. */
  get bytes(): Buffer {
    return this.#block.subarray(this.#start, this.#end);
  }

  push(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.#block = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#start = 0;
      this.#end = chunk.byteLength;
      this.#own = false;
      return;
    }
    if (!this.#own || this.#end + chunk.byteLength > this.#block.byteLength) this.#grow(chunk.byteLength);
    this.#block.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }

  /** @param count at most {@link length} */
  take(count: number): Buffer {
    const taken = this.#block.subarray(this.#start, this.#start + count);
    this.#start += count;
    return taken;
  }

  /** Twice what is needed: that much has to come before it is copied again. */
  #grow(more: number): void {
    const block = Buffer.allocUnsafeSlow(2 * (this.length + more));
    this.#block.copy(block, 0, this.#start, this.#end);
    this.#end = this.length;
    this.#start = 0;
    this.#block = block;
    this.#own = true;
  }
}
