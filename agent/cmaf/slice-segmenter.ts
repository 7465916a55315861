import type { Frame } from '../media/frame.ts';
import { segmentNumberAt, segmentStart } from '../../protocol/epoch.ts';
import { segmentNumber, type SegmentNumber } from '../../protocol/names.ts';
import {
  milliseconds,
  ticks,
  ticksOfMilliseconds,
  ticksOfSeconds,
  type Seconds,
  type Ticks,
} from '../../protocol/units.ts';
import { FrameSpacing } from './frame-spacing.ts';
import { PendingFrames } from './pending-frames.ts';
import { following, SegmentSequence } from './segment-sequence.ts';
import { checkForJump, type Segmenter, type Step } from './segmenter.ts';

/**
 * Cuts a camera's own stream: segment n has the frames of [n·d, (n+1)·d), and keyframes lie where the camera put them. Fragments
 * are cut before them, so that each is the first of one.
 *
 *     waiting ──keyframe of n────────────────▶ inside n      open n; every other frame is dropped
 *     inside n ──frame of n──────────────────▶ inside n      fragment n when it is long enough, or when a keyframe follows;
 *                                                            open n+1 when its bytes are a fragment away
 *     inside n ──the next is expected in n+1─▶ after n       fragment n, close n, open n+1 unless open
 *     inside n ──frame of m > n──────────────▶ inside m      fragment n, and as `SegmentSequence` has it
 *     after n ──frame of m───────────────────▶ inside m      of n+1 if it is a little early
 *
 * From there on none is dropped: those that follow depend on it. When the next frame comes is expected by how far apart they
 * have been.
 */
export class SliceSegmenter implements Segmenter {
  readonly #segmentDuration: Seconds;
  readonly #fragmentDuration: Ticks;
  readonly #sequence: SegmentSequence;
  readonly #pending = new PendingFrames();
  readonly #spacing = new FrameSpacing();
  #last: Ticks | undefined;
  /** Which segment has the last keyframe. */
  #keyframe: SegmentNumber | undefined;

  constructor(options: { readonly segmentDuration: Seconds; readonly fragmentDuration: Seconds }) {
    this.#segmentDuration = options.segmentDuration;
    this.#fragmentDuration = ticksOfSeconds(options.fragmentDuration);
    this.#sequence = new SegmentSequence(options.segmentDuration);
  }

  push(frame: Frame): Step[] {
    if (this.#last !== undefined) checkForJump(frame.time, this.#last);
    this.#spacing.push(frame.time);
    // Times grow, if by next to nothing.
    const time = ticks(Math.max(frame.time, (this.#last ?? -Infinity) + 1));
    this.#last = time;
    return this.#withKeyframe(this.#take(time === frame.time ? frame : { ...frame, time }));
  }

  end(): Step[] {
    return this.#withKeyframe(this.#flush());
  }

  *#take(frame: Frame): Generator<Step, void, void> {
    const { time, keyframe } = frame;
    const sequence = this.#sequence;
    if (sequence.number === undefined && !keyframe) {
      yield { kind: 'drop', frame };
      return;
    }
    const number = this.#numberOf(time);
    if (keyframe) yield* this.#flush();
    if (keyframe) this.#keyframe = number;
    if (number !== sequence.number) {
      yield* this.#flush();
      yield* sequence.begin(number);
    }

    this.#pending.push(frame);
    const spacing = this.#spacing.value;
    const expected = time + spacing;
    const { boundary } = sequence;
    const isLast = expected >= boundary - JITTER;
    const isFull = expected - (this.#pending.first?.time ?? time) >= this.#fragmentDuration - Math.floor(spacing / 2);
    if (isLast || isFull) yield* this.#flush();
    if (isLast) yield* sequence.close();
    if (expected >= boundary - this.#fragmentDuration - Math.floor(spacing / 2)) yield* sequence.openNext();
  }

  /** The one that its time says, but none that is complete. */
  #numberOf(time: Ticks): SegmentNumber {
    const byTime = segmentNumberAt(time, this.#segmentDuration);
    const { number, isInside } = this.#sequence;
    if (number === undefined) return byTime;
    return segmentNumber(Math.max(byTime, isInside ? number : following(number)));
  }

  *#flush(): Generator<Step, void, void> {
    const { number } = this.#sequence;
    const { first } = this.#pending;
    if (number === undefined || first === undefined) return;
    // Only a keyframe may come after a hole: see `PendingFrames`.
    const earliest = first.keyframe ? segmentStart(number, this.#segmentDuration) : ticks(0);
    yield { kind: 'fragment', number, samples: this.#pending.take(this.#spacing.value, earliest) };
  }

  #withKeyframe(steps: Iterable<Step>): Step[] {
    const all: Step[] = [];
    for (const step of steps) {
      all.push(step.kind === 'open' && this.#keyframe !== undefined ? { ...step, keyframe: this.#keyframe } : step);
    }
    return all;
  }
}

/** By how much a frame may be off where it should be: one that is expected so near the boundary is the next segment's. */
const JITTER = ticksOfMilliseconds(milliseconds(2));
