import { Duplex } from 'node:stream';

/**
 * Two ends of a connection without a network: what is written to one can be read from the other a moment later. When the
 * other one ends, so does the first; not the other way round.
 */
export function wirePair(): [Duplex, Duplex] {
  const one = new WireEnd({ allowHalfOpen: false });
  const other = new WireEnd();
  one.other = other;
  other.other = one;
  return [one, other];
}

class WireEnd extends Duplex {
  other: WireEnd | undefined;
  /** The other one may write on when this one is read. */
  #onRead: (() => void) | undefined;

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    queueMicrotask(() => {
      const other = this.other;
      if (other === undefined || other.destroyed || other.readableEnded || other.push(chunk)) done();
      else other.#onRead = done;
    });
  }

  override _final(done: () => void): void {
    queueMicrotask(() => {
      if (this.other?.destroyed === false) this.other.push(null);
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    queueMicrotask(() => this.other?.destroy());
    done(error);
  }
}
