import { segmentStart } from '../../protocol/epoch.ts';
import { segmentNumber, type SegmentNumber } from '../../protocol/names.ts';
import type { Seconds, Ticks } from '../../protocol/units.ts';
import type { Step } from './segmenter.ts';

/**
 * The segment that is being made, and which numbers have been told: each from the first to the last exactly once, opened
 * and closed or skipped. A number that was opened ahead and then got no media is opened and closed.
 *
 *     (none) ──begin n──▶ inside n ──close──▶ after n          open n+1 unless it is
 *     inside n ──begin m > n──▶ inside m                       close n, then as from «after n»
 *     after n ──begin n+1──▶ inside n+1
 *     after n ──begin m > n+1──▶ inside m                      close n+1, skip n+2 … m−1, open m
 */
export class SegmentSequence {
  readonly #segmentDuration: Seconds;
  #number: SegmentNumber | undefined;
  #closed = false;
  #openedNext = false;

  constructor(segmentDuration: Seconds) {
    this.#segmentDuration = segmentDuration;
  }

  /** The segment begun last. */
  get number(): SegmentNumber | undefined {
    return this.#number;
  }

  /** Whether media may go into it. */
  get isInside(): boolean {
    return this.#number !== undefined && !this.#closed;
  }

  /** Where the segment after it starts. */
  get boundary(): Ticks {
    return segmentStart(following(this.#number ?? segmentNumber(0)), this.#segmentDuration);
  }

  /** Goes over to segment `number`, away from whatever was before it. */
  *begin(number: SegmentNumber): Generator<Step, void, void> {
    const before = this.#number;
    let untold = number;
    if (before !== undefined) {
      if (!this.#closed) yield { kind: 'close', number: before };
      untold = following(before);
      if (this.#openedNext) {
        if (untold < number) yield { kind: 'close', number: untold };
        untold = following(untold);
      }
      if (untold < number) yield { kind: 'skip', from: untold, to: segmentNumber(number - 1) };
    }
    if (untold <= number) yield { kind: 'open', number };
    this.#number = number;
    this.#closed = false;
    this.#openedNext = false;
  }

  *close(): Generator<Step, void, void> {
    if (this.#number === undefined || this.#closed) return;
    this.#closed = true;
    yield { kind: 'close', number: this.#number };
    yield* this.openNext();
  }

  *openNext(): Generator<Step, void, void> {
    if (this.#number === undefined || this.#openedNext) return;
    this.#openedNext = true;
    yield { kind: 'open', number: following(this.#number) };
  }
}

export const following = (number: SegmentNumber): SegmentNumber => segmentNumber(number + 1);
