/** What the edge reads at a time, so that nothing is gained by more; and what it has taken shows only by whole pieces. */
const MOST_BYTES = 64 * 1024;

/**
 * The bytes of one segment on their way out: appended to while frames come, read from the first byte on by as many PUTs
 * as it takes.
 *
 *     open ──end──▶ ended
 *       │             │ drop
 *       ├────drop─────┴──▶ failed      (no room for it, see `Backlog`)
 *       └────abort───────▶ failed      (its encoder is gone: a PUT under way breaks off, so that it can't look complete)
 */
export class SegmentBody {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #state: 'open' | 'ended' | Failure = 'open';
  #changed = Promise.withResolvers<void>();

  /** Bytes appended so far. */
  get size(): number {
    return this.#size;
  }

  /** Whether more may come: it is the live edge. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Why it will never be whole; undefined while it may. */
  get failure(): Failure | undefined {
    return typeof this.#state === 'string' ? undefined : this.#state;
  }

  append(piece: Uint8Array): void {
    if (!this.isOpen) return;
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
    this.#notify();
  }

  end(): void {
    if (this.isOpen) this.#become('ended');
  }

  /** Does nothing to what has ended. */
  abort(detail: string): void {
    if (this.isOpen) this.#become({ kind: 'cut off', detail });
  }

  drop(detail: string): void {
    if (this.failure === undefined) this.#become({ kind: 'dropped', detail });
  }

  /**
   * Every piece from the first one on, each as soon as it is there; pieces that are there at once in one, if they are small:
   * what each costs on its way and at each viewer has little to do with its size. Throws when it will never be whole.
   */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    for (let next = 0; ;) {
      if (this.failure !== undefined) throw new Error(this.failure.detail);
      const pieces = this.#from(next);
      const [piece] = pieces;
      next += pieces.length;
      if (piece !== undefined) yield* sliced(pieces.length === 1 ? piece : Buffer.concat(pieces));
      else if (this.#state === 'ended') return;
      else await this.#changed.promise;
    }
  }

  /** The next pieces that may go out as one. */
  #from(next: number): readonly Uint8Array[] {
    let end = next;
    for (let size = 0; end < this.#pieces.length; end += 1) {
      size += this.#pieces[end]?.byteLength ?? 0;
      if (size > MOST_BYTES && end > next) break;
    }
    return this.#pieces.slice(next, end);
  }

  #become(state: 'ended' | Failure): void {
    this.#state = state;
    if (state !== 'ended') this.#pieces.length = 0;
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function* sliced(piece: Uint8Array): Generator<Uint8Array> {
  if (piece.byteLength <= MOST_BYTES) yield piece;
  else for (let from = 0; from < piece.byteLength; from += MOST_BYTES) yield piece.subarray(from, from + MOST_BYTES);
}

/** Why a segment won't be whole: its encoder broke off, or there was no room to keep it. */
export interface Failure {
  readonly kind: 'cut off' | 'dropped';
  readonly detail: string;
}
