import { excused, freshStallMeter, moves, stallsUntil, waits, type StallMeter } from './stalls.ts';

/** Media time that is the same for longer stands still. */
const STANDSTILL_MS = 350;
/** For how long after a standstill it is recent. */
const RECENT_MS = 1200;

/**
 * Whether a video moves, and how often and for how long it did not although it should have. By its events where they
 * tell, and by sampling: with a crumb left in the buffer browsers do not say "waiting".
 */
export class Motion {
  readonly #video: HTMLVideoElement;
  #stalls: StallMeter = freshStallMeter;
  /** Media time of the last sample. */
  #lastTime = 0;
  /** Media time of the picture that is shown. */
  #shownTime = 0;
  #movedAt = -Infinity;
  #stoodStillUntil = -Infinity;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Returns whether it has moved since the last one. */
  sample(mayRest: boolean): boolean {
    const { currentTime, paused, seeking, readyState } = this.#video;
    const moved =
      currentTime !== this.#lastTime && !paused && !seeking && readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    const stoodStill = now() - this.#movedAt > STANDSTILL_MS;
    this.#lastTime = currentTime;
    if (moved) {
      this.#shownTime = currentTime;
      this.#stalls = moves(this.#stalls, now());
      if (stoodStill) this.#stoodStillUntil = now();
    } else if (stoodStill && !mayRest) {
      this.#stalls = waits(this.#stalls, this.#movedAt);
    }
    if (moved || mayRest) this.#movedAt = now();
    return moved;
  }

  /** The video says that it has run out of pictures. */
  waits(): void {
    this.#stalls = waits(this.#stalls, now());
  }

  /** The video says that it plays. */
  plays(): void {
    if (!this.#video.seeking) this.#stalls = moves(this.#stalls, now());
  }

  /** The standstill that is, or comes next, is no stall. */
  excuse(): void {
    this.#stalls = excused(this.#stalls, now());
    this.#movedAt = -Infinity;
  }

  /** A new media time is not movement: it was set. */
  timeWasSet(): void {
    this.#lastTime = this.#video.currentTime;
  }

  /** Media time of the picture that is shown: while the video seeks, its own time is ahead of that. */
  get shownTime(): number {
    return this.#video.seeking ? this.#shownTime : this.#video.currentTime;
  }

  get stalls(): { readonly count: number; readonly totalMs: number } {
    return stallsUntil(this.#stalls, now());
  }

  /** How long the stall that goes on has lasted. */
  get stalledFor(): number {
    return this.#stalls.phase === 'stalled' ? now() - this.#stalls.since : 0;
  }

  /** Whether it moves since a moment ago only. */
  get stoodStillJustNow(): boolean {
    return now() - this.#stoodStillUntil < RECENT_MS;
  }

  /** The standstill is dealt with. */
  forgetStandstill(): void {
    this.#stoodStillUntil = -Infinity;
    this.#movedAt = now();
  }
}

const now = (): number => performance.now();
