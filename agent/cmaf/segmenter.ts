import type { Frame } from '../ffmpeg/flv.ts';
import type { Sample } from './fragment.ts';
import { segmentNumberAt, segmentStart } from '../../protocol/epoch.ts';
import { segmentNumber, type SegmentNumber } from '../../protocol/names.ts';
import {
  milliseconds,
  seconds,
  secondsOfTicks,
  ticks,
  ticksOfMilliseconds,
  ticksOfSeconds,
  type Seconds,
  type Ticks,
} from '../../protocol/units.ts';

/**
 * Cuts the frames of one encoder into segments and fragments. It decides and returns what is to be done; it does none
 * of it, and knows no clock but the frames' own.
 *
 *     start ──first frame──▶ holding ──second frame: both go on──▶ waiting
 *
 *     waiting ──keyframe of n──────────────────────▶ inside n      open n
 *     inside n ──frame─────────────────────────────▶ inside n      fragment n when it is long enough;
 *                                                                  open n+1 when its bytes are a fragment away
 *     inside n ──last frame before the boundary────▶ after n       fragment n, close n, open n+1 unless open
 *     inside n ──frame past the boundary, no key───▶ after n       the same, and that frame is dropped
 *     inside n ──keyframe of m > n─────────────────▶ inside m      fragment n, close n, then as from «after n»
 *     after n ──keyframe of n+1────────────────────▶ inside n+1    (n+1 is open)
 *     after n ──keyframe of m > n+1────────────────▶ inside m      close n+1, skip n+2 … m−1, open m
 *
 * In «waiting» and «after n» every other frame is dropped. Every number from the first to the last is told exactly
 * once: opened and closed, or skipped. A number that was opened ahead and then got no media is opened and closed.
 *
 * The encoder forces a keyframe at the frame nearest to each boundary n·d, the first one with time ≥ n·d − nominal/2,
 * where nominal = 1/frameRate is how far frames should be apart. So half of nominal is the tolerance everywhere here,
 * and a frame's number is floor((time + nominal/2) / d). The encoder decided that on times not yet rounded to
 * milliseconds: a frame within ROUNDING of the limit is on the side its being a keyframe says.
 *
 * A sample has the time of its frame, with two exceptions: the first of the run (see #release), and the first after a
 * hiccup, which begins where the media before it ended (see #beginning).
 */

export type Step =
  /** Readers of the segment may be let in. */
  | { readonly kind: 'open'; readonly number: SegmentNumber }
  /** More of an open segment. */
  | { readonly kind: 'fragment'; readonly number: SegmentNumber; readonly samples: readonly Sample[] }
  /** The segment is complete. */
  | { readonly kind: 'close'; readonly number: SegmentNumber }
  /** There are no segments of these numbers, both ends included; none of them was opened. */
  | { readonly kind: 'skip'; readonly from: SegmentNumber; readonly to: SegmentNumber }
  /** The frame is part of no segment. */
  | { readonly kind: 'drop'; readonly frame: Frame };

/** The encoder's times went astray by more than frames dropped could mend: it is to be started anew. */
export class TimestampJump extends Error {
  override readonly name = 'TimestampJump';
  /** Negative when it went back. */
  readonly by: Seconds;

  constructor(by: Seconds, limit: Seconds) {
    super(`frame time: expected within ${limit} s of the frame before, got ${by.toFixed(3)} s from it`);
    this.by = by;
  }
}

const MAX_JUMP = ticksOfSeconds(seconds(10));

/**
 * By how much the encoder and we may differ on when a frame is: half a millisecond for the frame, as much for what the
 * encoder counts from, and a little. Without it a keyframe so near the limit would count as the segment's before, and
 * the whole segment it begins would be lost.
 */
const ROUNDING = ticksOfMilliseconds(milliseconds(2));

interface Segment {
  readonly number: SegmentNumber;
  /** Where the next one starts. */
  readonly boundary: Ticks;
  closed: boolean;
  /** Whether the next number was opened. */
  openedNext: boolean;
}

interface TimedFrame {
  readonly time: Ticks;
  readonly frame: Frame;
}

export class Segmenter {
  readonly #segmentDuration: Seconds;
  readonly #fragmentDuration: Ticks;
  /** From one frame to the next, as it should be. */
  readonly #nominal: Ticks;
  readonly #tolerance: Ticks;
  /** The first frame of all, while the second is awaited. */
  #held: TimedFrame | undefined;
  /** Time of the last frame that came in order. */
  #last: Ticks | undefined;
  #segment: Segment | undefined;
  /** Frames of the current segment that no fragment has yet. */
  #pending: TimedFrame[] = [];
  /** When the last sample of the last fragment ends. */
  #told: Ticks | undefined;

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
  }

  /**
   * @param frame with its time counted from 1970
   * @throws TimestampJump
   */
  push(frame: Frame): Step[] {
    const time = ticksOfMilliseconds(frame.time);
    if (this.#last === undefined) {
      this.#last = time;
      this.#held = { time, frame };
      return [];
    }
    // The first frame may say a time up to a segment early: see #release.
    const limit = this.#held === undefined ? MAX_JUMP : MAX_JUMP + ticksOfSeconds(this.#segmentDuration);
    const by = time - this.#last;
    if (by > limit || by < -MAX_JUMP) {
      throw new TimestampJump(secondsOfTicks(ticks(by)), secondsOfTicks(ticks(limit)));
    }
    if (by <= 0) return [{ kind: 'drop', frame }];
    this.#last = time;
    const steps: Step[] = [];
    this.#release(time, steps);
    this.#take({ time, frame }, steps);
    return steps;
  }

  /**
   * No more frames come. What is left of the current segment is told, but a segment that has not reached its end is
   * not closed: it must never look complete.
   */
  end(): Step[] {
    const steps: Step[] = [];
    if (this.#held !== undefined) steps.push({ kind: 'drop', frame: this.#held.frame });
    this.#held = undefined;
    this.#flush(steps);
    return steps;
  }

  /**
   * FFmpeg is made to back-date its first frame to the boundary before it, because it counts from there when it forces
   * keyframes. When that frame was really captured shows as soon as the second one is there: a frame's time before it.
   */
  #release(secondTime: Ticks, steps: Step[]): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#take({ time: ticks(Math.max(held.time, secondTime - this.#nominal)), frame: held.frame }, steps);
  }

  #take(timed: TimedFrame, steps: Step[]): void {
    const { time, frame } = timed;
    const rounding = frame.keyframe ? ROUNDING : -ROUNDING;
    const number = segmentNumberAt(ticks(time + this.#tolerance + rounding), this.#segmentDuration);
    let segment = this.#segment;
    const next = segment === undefined || number > segment.number;
    if (next && frame.keyframe) segment = this.#start(number, steps);
    // Past the boundary without a keyframe: the encoder did not obey. What comes now can't be decoded from a segment.
    else if (next && segment !== undefined) this.#close(segment, steps);
    if (segment === undefined || segment.closed) {
      steps.push({ kind: 'drop', frame });
      return;
    }

    this.#pending.push(timed);
    const expected = time + this.#nominal; // when the next frame should be captured
    const fragmentStart = this.#pending[0]?.time ?? time;
    if (expected - fragmentStart >= this.#fragmentDuration - this.#tolerance) this.#flush(steps);
    // Where rounding leaves open whether the next one is the boundary's keyframe it is waited for, not dropped.
    if (expected >= segment.boundary - this.#tolerance + ROUNDING) this.#close(segment, steps);
    if (expected >= segment.boundary - this.#fragmentDuration - this.#tolerance) this.#openNext(segment, steps);
  }

  /** Goes over to segment `number`, away from whatever was before it. */
  #start(number: SegmentNumber, steps: Step[]): Segment {
    const before = this.#segment;
    let unopened = number;
    if (before !== undefined) {
      unopened = following(before.number);
      if (!before.closed) {
        this.#flush(steps);
        steps.push({ kind: 'close', number: before.number });
      }
      if (before.openedNext) {
        if (unopened < number) steps.push({ kind: 'close', number: unopened });
        unopened = following(unopened);
      }
      if (unopened < number) steps.push({ kind: 'skip', from: unopened, to: segmentNumber(number - 1) });
    }
    if (unopened <= number) steps.push({ kind: 'open', number });
    const boundary = segmentStart(following(number), this.#segmentDuration);
    this.#segment = { number, boundary, closed: false, openedNext: false };
    return this.#segment;
  }

  #close(segment: Segment, steps: Step[]): void {
    if (segment.closed) return;
    this.#flush(steps);
    segment.closed = true;
    steps.push({ kind: 'close', number: segment.number });
    this.#openNext(segment, steps);
  }

  #openNext(segment: Segment, steps: Step[]): void {
    if (segment.openedNext) return;
    segment.openedNext = true;
    steps.push({ kind: 'open', number: following(segment.number) });
  }

  #flush(steps: Step[]): void {
    const pending = this.#pending;
    const [first] = pending;
    if (this.#segment === undefined || first === undefined) return;
    this.#pending = [];
    const { number } = this.#segment;
    const beginning = this.#beginning(first.time, number);
    const samples = pending.map(({ time, frame }, index): Sample => {
      const start = index === 0 ? beginning : time;
      // How long the last one lasts nobody knows before the next is there, and no one is to wait for that.
      const end = pending[index + 1]?.time ?? ticks(time + this.#nominal);
      this.#told = end;
      return {
        time: start,
        duration: ticks(end - start),
        compositionOffset: ticks(0),
        keyframe: frame.keyframe,
        data: frame.data,
        size: frame.size,
      };
    });
    steps.push({ kind: 'fragment', number, samples });
  }

  /**
   * When a fragment begins whose first frame is late, so that the one before did not last until it: where that one
   * ended, but not before its own segment. «If the difference between decode timestamp and last decode timestamp is
   * greater than 2 times last frame duration» a player needs a random access point (Media Source Extensions, coded
   * frame processing): it would throw away everything up to the next keyframe, and stop at the hole.
   */
  #beginning(time: Ticks, number: SegmentNumber): Ticks {
    if (this.#told === undefined || time - this.#told <= this.#tolerance) return time;
    return ticks(Math.max(this.#told, Math.min(time, segmentStart(number, this.#segmentDuration))));
  }
}

const following = (number: SegmentNumber): SegmentNumber => segmentNumber(number + 1);
