/**
 * The bytes of one segment on their way out: appended to while frames come, read from the first byte on by as many PUTs
 * as it takes.
 *
 *     open ──end──▶ ended
 *       └──abort──▶ aborted     (a PUT under way breaks off, so that the segment can't look complete)
 */
export class SegmentBody {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #end: 'ended' | Error | undefined;
  #changed = Promise.withResolvers<void>();

  /** Bytes appended so far. */
  get size(): number {
    return this.#size;
  }

  append(piece: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
    this.#notify();
  }

  end(): void {
    this.#end ??= 'ended';
    this.#notify();
  }

  abort(reason: Error): void {
    this.#end ??= reason;
    this.#notify();
  }

  get aborted(): boolean {
    return this.#end instanceof Error;
  }

  /** Every piece from the first one on, each as soon as it is there. Throws the reason of `abort`. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    for (let next = 0; ;) {
      const piece = this.#pieces[next];
      if (piece !== undefined) {
        next += 1;
        yield piece;
      } else if (this.#end instanceof Error) throw this.#end;
      else if (this.#end === 'ended') return;
      else await this.#changed.promise;
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
