import type { Clock } from '../clock.ts';
import {
  milliseconds,
  seconds,
  ticks,
  ticksOfMilliseconds,
  ticksOfSeconds,
  type Milliseconds,
  type Ticks,
} from '../../protocol/units.ts';
import { LowerEnvelope } from './lower-envelope.ts';
import { RtpTimeline } from './rtp-timeline.ts';
import type { SenderClock } from './sender-clock.ts';
import type { SenderReport } from './sender-report.ts';
import { WallOffset } from './wall-offset.ts';

/** Frames that were held up on their way don't count as long as one in so long a time was not. */
const SPAN = ticksOfSeconds(seconds(5));
/** In the first seconds, and after the anchor has turned out to be far too late. */
const SETTLING = ticksOfSeconds(seconds(3));
const FAR_TOO_LATE = ticksOfMilliseconds(milliseconds(50));
/** Then an error is gone after so long: at 25 frames a second an eighth of it from one to the next. */
const SETTLING_STEP = ticksOfMilliseconds(milliseconds(320));
/** After that the anchor follows at 500 ppm: a fiftieth of a millisecond from frame to frame. */
const SLEW = 500e-6;
/** An error that is larger nevertheless is no clock's drift; it is followed faster, up to what timestamps are trusted with. */
const LARGE = ticksOfMilliseconds(milliseconds(20));
const LARGE_ERROR_GONE_IN = ticksOfSeconds(seconds(1.5));
const MAX_SLEW = 0.02;
/** Lateness that no slewing caught up with: either frames are late for good, or timestamps go at a wrong pace. */
const HOPELESS = ticksOfMilliseconds(milliseconds(500));
/** The worst of it shows within a second. */
const GLANCE = ticksOfSeconds(seconds(1));
/** A pace that is no clock's; and lateness that is no network's: what that has held up comes faster than it was captured. */
const ABSURD_PACE = 4;
const ABSURD_LATENESS = ticksOfSeconds(seconds(1));
const USUAL_PACE = 0.1;
/** Timestamps are trusted again when their pace was right for five seconds. */
const RIGHT_PACE = 0.01;

/** Since when a pace is measured. */
interface Mark {
  readonly arrival: Ticks;
  readonly time: Ticks;
  readonly told: Ticks;
}

/**
 * When pictures were captured, as time since 1970. Their RTP timestamps say how far they are apart; when that was is told by
 * their arrival, since no camera's clock is right.
 *
 * A frame arrives some time after it was captured, never before: so the least delayed frames of the last seconds, the lower
 * envelope of arrival minus timestamp, fix where the timestamps lie on this machine's clock. The delay that even they have
 * is the same for all and can't be known.
 *
 *     settling ──3 s without an error over 50 ms──▶ steady      errors go quickly: times come closer together
 *     steady   ──a frame over 50 ms early─────────▶ settling    errors go at 500 ppm
 *     either   ──late by 0.5 s for good───────────▶ settling    anchored anew
 *     either   ──timestamps at a wrong pace───────▶ settling    the same, and arrival alone counts, until they are right again
 *
 * Monotonic time is made wall time by {@link WallOffset}.
 */
export class CaptureClock {
  readonly #wall: WallOffset;
  readonly #timeline: RtpTimeline;
  #envelope = new LowerEnvelope(SPAN);
  #recent = new LowerEnvelope(GLANCE);
  /** From timestamps to this machine's monotonic clock. */
  #offset: Ticks | undefined;
  /** By how much arrival is wrong, as the camera's own clock says. */
  #correction: Ticks | undefined;
  #settled = ticks(0);
  #last: Mark = NOWHERE;
  #second: Mark = NOWHERE;
  #span: Mark = NOWHERE;

  /** @param clockRate of the timestamps, in Hz */
  constructor(clock: Clock, clockRate: number) {
    this.#wall = new WallOffset(clock);
    this.#timeline = new RtpTimeline(clockRate);
  }

  /**
   * Takes in a frame, in the order of decoding.
   *
   * @param arrival when it was complete, by the clock's monotonic time
   * @param back how many frames it may lie before one that was decoded earlier: B frames
   * @returns where it lies among the others; {@link at} says when that was
   */
  advance(timestamp: number, arrival: Milliseconds, back: number): Ticks {
    const now = ticks(arrival * TICKS_PER_MILLISECOND);
    const byArrival = this.#offset === undefined ? undefined : ticks(this.#offset - (this.#correction ?? 0));
    const time = this.#timeline.advance(timestamp, now, byArrival, back);
    this.#envelope.add(now - time, now);
    this.#recent.add(now - time, now);
    const mark = { arrival: now, time, told: this.#timeline.told };
    if (this.#offset === undefined) this.#anchor(mark);
    else this.#follow(mark, this.#offset);
    this.#last = mark;
    return time;
  }

  /** When that was, since 1970; not rounded. */
  at(time: Ticks): Ticks {
    return ticks(time + (this.#offset ?? 0) + this.#wall.offset * TICKS_PER_MILLISECOND);
  }

  /**
   * A sender's report: its timestamp may be of the past, and nothing comes of it but where this track lies beside others.
   *
   * @param role whether this track is the measure for others
   */
  report({ ntp, timestamp }: SenderReport, sender: SenderClock, role: 'measure' | 'other'): void {
    const time = this.#timeline.place(timestamp);
    if (time === undefined) return;
    if (role === 'measure') return sender.measure(ntp, this.at(time));
    const byArrival = time + this.#envelope.value + this.#wall.offset * TICKS_PER_MILLISECOND;
    this.#correction = sender.correction(ntp, ticks(byArrival), this.#correction) ?? this.#correction;
  }

  /** Looks at the wall clock. @returns by how much it was set; 0 nearly always */
  update(): Ticks {
    return this.#wall.update();
  }

  #follow(mark: Mark, offset: Ticks): void {
    const now = mark.arrival;
    const error = this.#envelope.value + (this.#correction ?? 0) - offset;
    if (error < -FAR_TOO_LATE) this.#settled = ticks(now + SETTLING);
    if (error < 0 && now < this.#settled) {
      const step = Math.abs(mark.time - this.#last.time);
      this.#offset = ticks(offset + error * Math.min(1, step / SETTLING_STEP));
    } else {
      const large = Math.max(0, Math.abs(error) - LARGE) / LARGE_ERROR_GONE_IN;
      const most = Math.min(MAX_SLEW, SLEW + large) * (now - this.#last.arrival);
      this.#offset = ticks(offset + Math.max(-most, Math.min(most, error)));
    }
    if (now - this.#second.arrival >= GLANCE) this.#glance(mark, this.#recent.value + (this.#correction ?? 0) - offset);
    if (now - this.#span.arrival >= SPAN) this.#check(mark, error);
  }

  #glance(mark: Mark, late: number): void {
    const pace = paceOf(this.#second, mark).time;
    this.#second = mark;
    if (!this.#timeline.trusted) return;
    const tooSlow = late > HOPELESS && pace < 1 / ABSURD_PACE;
    const tooFast = late < -HOPELESS && pace > ABSURD_PACE;
    if (tooSlow || tooFast) this.#timeline.trusted = false;
    // Or the camera's clock stood still for a while, as its pictures did.
    const stoodStill = late > ABSURD_LATENESS && Math.abs(pace - 1) < USUAL_PACE;
    if (tooSlow || tooFast || stoodStill) this.#anchor(mark);
  }

  #check(mark: Mark, late: number): void {
    const pace = paceOf(this.#span, mark);
    this.#span = mark;
    if (!this.#timeline.trusted) {
      this.#timeline.trusted = Math.abs(pace.told - 1) < RIGHT_PACE;
    } else if (late < -FAR_TOO_LATE && pace.time > 1 + MAX_SLEW) {
      this.#timeline.trusted = false;
      this.#anchor(mark);
    } else if (late > HOPELESS && pace.time <= 1 + MAX_SLEW) {
      // Not what is catching up: that was held up, and is on its way.
      this.#timeline.trusted = pace.time >= 1 - MAX_SLEW;
      this.#anchor(mark);
    }
  }

  #anchor(mark: Mark): void {
    const now = mark.arrival;
    this.#offset = ticks(now - mark.time);
    this.#envelope = new LowerEnvelope(SPAN);
    this.#recent = new LowerEnvelope(GLANCE);
    this.#envelope.add(this.#offset, now);
    this.#recent.add(this.#offset, now);
    this.#settled = ticks(now + SETTLING);
    this.#second = mark;
    this.#span = mark;
  }
}

const NOWHERE: Mark = { arrival: ticks(0), time: ticks(0), told: ticks(0) };
const TICKS_PER_MILLISECOND = 90;

/** How fast times went by arrival's measure, and how fast timestamps did. */
const paceOf = (from: Mark, to: Mark): { readonly time: number; readonly told: number } => ({
  time: (to.time - from.time) / (to.arrival - from.arrival),
  told: (to.told - from.told) / (to.arrival - from.arrival),
});
