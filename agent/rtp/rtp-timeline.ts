import { milliseconds, ticks, ticksOfMilliseconds, TIMESCALE, type Ticks } from '../../protocol/units.ts';

/** How much later than its arrival a frame may seem to have been captured before its timestamp is doubted. */
const TOLERANCE = ticksOfMilliseconds(milliseconds(10));
/** Taken for usual as long as nothing is known: no camera that sends fewer frames is in a hurry. */
const LONG_STEP = ticksOfMilliseconds(milliseconds(200));
/** So many steps that are alike, but not as usual, are the new usual. */
const NEW_USUAL_AFTER = 5;
/** So many frames in a row before the newest one are no B frames: the clock went back. */
const MOST_BEHIND = 16;

/**
 * RTP timestamps of one track as times that go on evenly: in ticks of the media timescale since the first one, wherever the
 * camera's clock started, wraps, is set, or starts over.
 *
 * A timestamp is doubted where it stands still or goes back, or leaps into the future: where its frame, by all that is
 * known of the camera, had been captured after it arrived, though frames before it are not late. Then the frame is put as far
 * from the one before as usual; where the usual is unknown, or the camera paused, as far as they arrived apart.
 */
export class RtpTimeline {
  readonly #scale: number;
  #timestamp: number | undefined;
  #arrival = 0;
  #time = 0;
  #newest = 0;
  /** Frames in a row that were before the newest. */
  #behind = 0;
  /** From one frame to the next, as a rule; undefined: unknown. */
  #usual: number | undefined;
  #unusual = 0;
  /** Whether timestamps count. Where they don't, arrival is taken. */
  trusted = true;
  /** How far timestamps have gone, doubted or not. */
  #told = 0;

  /** @param clockRate of the timestamps, in Hz */
  constructor(clockRate: number) {
    this.#scale = TIMESCALE / clockRate;
  }

  /** How far timestamps alone would have it. */
  get told(): Ticks {
    return ticks(this.#told);
  }

  /** Where a timestamp lies that is no frame's: it may be before the last one's, and changes nothing. */
  place(timestamp: number): Ticks | undefined {
    if (this.#timestamp === undefined || !this.trusted) return undefined;
    return ticks(this.#time + this.#scale * apart(this.#timestamp, timestamp));
  }

  /**
   * The next frame, in decoding order.
   *
   * @param arrival in ticks, of a clock that never steps
   * @param offset from these times to arrival's, without delay; undefined: unknown
   * @param back how many frames it may lie before one that was decoded earlier: B frames
   */
  advance(timestamp: number, arrival: Ticks, offset: Ticks | undefined, back: number): Ticks {
    if (this.#timestamp === undefined) {
      this.#timestamp = timestamp;
      this.#arrival = arrival;
      return ticks(0);
    }
    const told = this.#scale * apart(this.#timestamp, timestamp);
    const elapsed = Math.max(0, arrival - this.#arrival);
    this.#timestamp = timestamp;
    this.#arrival = arrival;
    this.#told += told;
    const ahead = offset === undefined ? 0 : this.#time + told + offset - arrival;
    this.#time += this.#isCredible(told, elapsed, ahead, back) ? told : this.#substitute(elapsed);
    this.#behind = this.#time < this.#newest ? this.#behind + 1 : 0;
    if (this.#behind > MOST_BEHIND) {
      this.#time = this.#newest + this.#substitute(elapsed);
      this.#behind = 0;
    }
    this.#newest = Math.max(this.#newest, this.#time);
    return ticks(this.#time);
  }

  #isCredible(told: number, elapsed: number, ahead: number, back: number): boolean {
    if (!this.trusted) return false;
    const usual = this.#usual ?? LONG_STEP;
    if (told <= 0) return told < 0 && told >= -back * usual;
    if (ahead > TOLERANCE && told > Math.max(elapsed, usual) + TOLERANCE) return false;
    this.#learn(told);
    return true;
  }

  #learn(step: number): void {
    const usual = (this.#usual ??= step);
    if (step > 0.5 * usual && step < 1.5 * usual) {
      this.#usual = usual + (step - usual) / 8;
      this.#unusual = 0;
    } else if (++this.#unusual >= NEW_USUAL_AFTER) {
      this.#usual = step;
      this.#unusual = 0;
    }
  }

  #substitute(elapsed: number): number {
    if (this.trusted && this.#usual !== undefined && elapsed < 2 * this.#usual) return this.#usual;
    return elapsed;
  }
}

/** From one timestamp of 32 bits to another, the shorter way around. */
const apart = (from: number, to: number): number => (to - from) | 0;
