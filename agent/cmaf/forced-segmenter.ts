import type { Frame } from '../media/frame.ts';
import { segmentNumberAt, segmentStart } from '../../protocol/epoch.ts';
import {
  milliseconds,
  seconds,
  ticks,
  ticksOfMilliseconds,
  ticksOfSeconds,
  type Seconds,
  type Ticks,
} from '../../protocol/units.ts';
import { PendingFrames } from './pending-frames.ts';
import { SegmentSequence } from './segment-sequence.ts';
import { checkForJump, type Segmenter, type Step } from './segmenter.ts';

/**
 * Cuts what an encoder makes that forces a keyframe at each boundary.
 *
 *     waiting ──keyframe of n──────────────────────▶ inside n      open n
 *     inside n ──frame─────────────────────────────▶ inside n      fragment n when it is long enough;
 *                                                                  open n+1 when its bytes are a fragment away
 *     inside n ──last frame before the boundary────▶ after n       fragment n, close n, open n+1 unless open
 *     inside n ──frame past the boundary, no key───▶ after n       the same, and that frame is dropped
 *     inside n ──keyframe of m > n─────────────────▶ inside m      fragment n, close n, then as from «after n»
 *     after n ──keyframe of m > n──────────────────▶ inside m      see `SegmentSequence`
 *
 * In «waiting» and «after n» every other frame is dropped.
 *
 * The encoder forces a keyframe at the frame nearest to each boundary n·d, the first one with time ≥ n·d − nominal/2,
 * where nominal = 1/frameRate is how far frames should be apart. So half of nominal is the tolerance everywhere here,
 * and a frame's number is floor((time + nominal/2) / d). The encoder decided that on times not yet rounded to
 * milliseconds: a frame within ROUNDING of the limit is on the side its being a keyframe says.
 */
export class ForcedSegmenter implements Segmenter {
  readonly #segmentDuration: Seconds;
  readonly #fragmentDuration: Ticks;
  /** From one frame to the next, as it should be. */
  readonly #nominal: Ticks;
  readonly #tolerance: Ticks;
  readonly #sequence: SegmentSequence;
  readonly #pending = new PendingFrames();
  /** Time of the last frame that came in order. */
  #last: Ticks | undefined;

  constructor(options: {
    readonly segmentDuration: Seconds;
    readonly fragmentDuration: Seconds;
    /** Frames per second, as the encoder is set. */
    readonly frameRate: number;
  }) {
    this.#segmentDuration = options.segmentDuration;
    this.#fragmentDuration = ticksOfSeconds(options.fragmentDuration);
    this.#nominal = ticksOfSeconds(seconds(1 / options.frameRate));
    this.#tolerance = ticks(Math.floor(this.#nominal / 2));
    this.#sequence = new SegmentSequence(options.segmentDuration);
  }

  push(frame: Frame): Step[] {
    if (this.#last !== undefined) {
      checkForJump(frame.time, this.#last);
      if (frame.time <= this.#last) return [{ kind: 'drop', frame }];
    }
    this.#last = frame.time;
    return [...this.#take(frame)];
  }

  end(): Step[] {
    return [...this.#flush()];
  }

  *#take(frame: Frame): Generator<Step, void, void> {
    const { time, keyframe } = frame;
    const sequence = this.#sequence;
    const rounding = keyframe ? ROUNDING : -ROUNDING;
    const number = segmentNumberAt(ticks(time + this.#tolerance + rounding), this.#segmentDuration);
    if (sequence.number === undefined || number > sequence.number) {
      yield* this.#flush();
      if (keyframe) yield* sequence.begin(number);
      // Past the boundary without a keyframe: the encoder did not obey. What comes now can't be decoded from a segment.
      else yield* sequence.close();
    }
    if (!sequence.isInside) {
      yield { kind: 'drop', frame };
      return;
    }

    this.#pending.push(frame);
    const expected = time + this.#nominal; // when the next frame should be captured
    const { boundary } = sequence;
    // Where rounding leaves open whether the next one is the boundary's keyframe it is waited for, not dropped.
    const isLast = expected >= boundary - this.#tolerance + ROUNDING;
    const isFull = expected - (this.#pending.first?.time ?? time) >= this.#fragmentDuration - this.#tolerance;
    if (isLast || isFull) yield* this.#flush();
    if (isLast) yield* sequence.close();
    if (expected >= boundary - this.#fragmentDuration - this.#tolerance) yield* sequence.openNext();
  }

  *#flush(): Generator<Step, void, void> {
    const { number } = this.#sequence;
    if (number === undefined || this.#pending.first === undefined) return;
    const samples = this.#pending.take(this.#nominal, segmentStart(number, this.#segmentDuration));
    yield { kind: 'fragment', number, samples };
  }
}

/**
 * By how much the encoder and we may differ on when a frame is: half a millisecond for the frame, as much for what the
 * encoder counts from, and a little. Without it a keyframe so near the limit would count as the segment's before, and
 * the whole segment it begins would be lost.
 */
const ROUNDING = ticksOfMilliseconds(milliseconds(2));
