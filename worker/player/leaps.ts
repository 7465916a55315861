import type { DashSession } from './dash-session.ts';
import type { Motion } from './motion.ts';

/** Jumps of a live video: over what it has missed, and to where there is media again. */

/** After a standstill, what was missed is skipped if it is more. Less is caught up by playing faster, in seconds. */
const SKIP_OVER_S = 0.06;
/** So late it is skipped also without a standstill. */
const LATE_S = 1;
/** What a skip must leave in the buffer. */
const SKIP_RESERVE_S = 0.03;
/** So late, and without media to skip to, the live edge is sought. */
const FAR_S = 3;
/** A device to which a jump means a standstill must not jump on and on. */
const SKIP_PAUSE_MS = 5000;
/** A jump takes the browser a moment. */
const CROSS_PAUSE_MS = 500;

export class Leaps {
  readonly #video: HTMLVideoElement;
  readonly #motion: Motion;
  #skippedAt = -Infinity;
  #crossedAt = -Infinity;

  constructor(video: HTMLVideoElement, motion: Motion) {
    this.#video = video;
    this.#motion = motion;
  }

  /** From where a stall, or a slow start, has left it to the target latency, without leaving the buffer. */
  skip(session: DashSession, targetMs: number): void {
    const video = this.#video;
    if (video.seeking || now() - this.#skippedAt < SKIP_PAUSE_MS) return;
    const late = ((session.latencyMs(video.currentTime) ?? 0) - targetMs) / 1000;
    if (late < (this.#motion.stoodStillJustNow ? SKIP_OVER_S : LATE_S)) return;
    const reaches = bufferAhead(video) >= late + SKIP_RESERVE_S;
    if (!reaches && late < FAR_S) return;
    this.#skippedAt = now();
    this.#motion.excuse();
    this.#motion.forgetStandstill();
    if (!reaches) {
      session.seekToLive();
      this.#motion.timeWasSet();
    } else {
      // Not seekToOriginalLive(): dash.js 5.2 takes the live edge from up to 0.1 s ago.
      video.currentTime += late;
    }
  }

  /**
   * To where there is media again, when what the video waits for was never made. dash.js 5.2 jumps gaps while it plays,
   * but not one at the place that it has just begun at or sought. Returns whether it did.
   */
  crossGap(): boolean {
    const landing = beyondGap(this.#video);
    if (landing === undefined || now() - this.#crossedAt < CROSS_PAUSE_MS) return false;
    this.#crossedAt = now();
    this.#video.currentTime = landing;
    this.#motion.timeWasSet();
    return true;
  }
}

const now = (): number => performance.now();

/** Seconds that are buffered from the picture on. */
export function bufferAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
  }
  return 0;
}

/** Where the newest media begins, when none is buffered where the video stands. */
function beyondGap({ buffered, currentTime }: HTMLVideoElement): number | undefined {
  const last = buffered.length - 1;
  if (last < 0) return undefined;
  const start = buffered.start(last);
  // Ranges that begin within 0.1 s are played across.
  return start > currentTime + 0.1 ? start + 0.01 : undefined;
}
