import { segmentHeader } from '../agent/cmaf/fragment.ts';

/**
 * What is sent: a segment's header, then fragments of one size, each of which begins with the time it was written. The
 * header goes out as the PUT opens, a fragment ahead of the first, as the agent's does.
 */
export const HEADER = segmentHeader();
const STAMP_BYTES = 8;

/** @param now milliseconds of the monotonic clock that all threads share */
export function stampedFragment(bytes: number, now: number): Buffer {
  const fragment = Buffer.alloc(bytes, 1);
  fragment.writeDoubleBE(now);
  return fragment;
}

/** The time that each fragment of one response took, from its writing to the arrival of its last byte. */
export class FragmentMeter {
  /** In milliseconds, by position in the segment. */
  readonly latencies: number[] = [];
  readonly #bytes: number;
  readonly #stamp = Buffer.alloc(STAMP_BYTES);
  #position = -HEADER.byteLength;

  /** @param bytes of a fragment */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(buffer: Buffer, from: number, to: number, now: number): void {
    let at = from;
    if (this.#position < 0) {
      const header = Math.min(to - at, -this.#position);
      this.#position += header;
      at += header;
    }
    while (at < to) {
      const inside = this.#position % this.#bytes;
      if (inside < STAMP_BYTES) buffer.copy(this.#stamp, inside, at, Math.min(to, at + STAMP_BYTES - inside));
      const step = Math.min(to - at, this.#bytes - inside);
      if (inside + step === this.#bytes) this.latencies.push(now - this.#stamp.readDoubleBE());
      this.#position += step;
      at += step;
    }
  }
}
