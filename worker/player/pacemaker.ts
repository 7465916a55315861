import { arrivalsFrom, arrived, demandOf, latestOf, type Arrivals } from './arrivals.ts';
import type { DashSession } from './dash-session.ts';
import { bufferAhead } from './leaps.ts';
import { paceOf } from './pace.ts';
import { configured, pinned, step, type Target, type Why } from './target.ts';

/**
 * Keeps a live video at a target latency by the rate at which it plays, and chooses the target: the shell around
 * arrivals.ts, target.ts and pace.ts. dash.js would have one target for good, and 8 s of patience for the last 20 ms.
 */
export class Pacemaker {
  readonly #video: HTMLVideoElement;
  readonly #pinnedMs: number | undefined;
  #arrivals: Arrivals = arrivalsFrom(now());
  /** The latest, until the next shows that no media was missing between them. */
  #arrival: { readonly ageMs: number; readonly ranges: number } | undefined;
  #target: Target | undefined;
  #stalledMs = 0;

  constructor(video: HTMLVideoElement, pinnedMs: number | undefined) {
    this.#video = video;
    this.#pinnedMs = pinnedMs;
  }

  /** Media has arrived that is not in the buffer yet. */
  arriving(session: DashSession): void {
    const ranges = this.#video.buffered.length;
    if (ranges === 0) return;
    const before = this.#arrival;
    // Media that was never made is no late arrival, nor is what comes after an outage.
    if (before !== undefined && ranges <= before.ranges && before.ageMs < OUTAGE_MS) {
      this.#arrivals = arrived(this.#arrivals, before.ageMs, now());
    }
    const ageMs = session.newestMs;
    this.#arrival = ageMs === null ? undefined : { ageMs, ranges };
  }

  /** After a fault, or a jump of somebody's: what was late for it says nothing of what will be. */
  forgetArrivals(): void {
    this.#arrivals = arrivalsFrom(now());
    this.#arrival = undefined;
  }

  /** @param stalledMs of all stalls so far */
  tick(session: DashSession, stalledMs: number): void {
    const { configuredMs } = session;
    if (configuredMs === null) return;
    this.#target ??= this.#pinnedMs === undefined ? configured(configuredMs, now()) : pinned(this.#pinnedMs);
    const newlyStalledMs = Math.max(0, stalledMs - this.#stalledMs);
    this.#stalledMs = stalledMs;
    const measurement = { demand: demandOf(this.#arrivals), stalledMs: newlyStalledMs, frameMs: session.frameMs };
    if (session.isEpochLocked) this.#target = step(this.#target, measurement, now());
    const latencyMs = session.latencyMs(this.#video.currentTime);
    if (latencyMs !== null && !this.#video.seeking) {
      const newestMs = latencyMs - 1000 * bufferAhead(this.#video);
      const targetMs = this.targetMs ?? latencyMs;
      // What comes later than the target is waited for: to play it faster would run it dry.
      const aimMs = newestMs > targetMs ? WAITING * newestMs : targetMs;
      const rate = paceOf(latencyMs, aimMs, this.#video.playbackRate);
      if (rate !== this.#video.playbackRate) this.#video.playbackRate = rate;
    }
  }

  /** While nobody sees to the pace. */
  rest(): void {
    if (this.#video.playbackRate !== 1) this.#video.playbackRate = 1;
  }

  /** A target below what arrives would mean to play the buffer dry again and again. */
  get targetMs(): number | null {
    return this.#target === undefined ? null : Math.max(this.#target.ms, latestOf(this.#arrivals));
  }

  get why(): Why | null {
    return this.#target?.why ?? null;
  }

  get neededMs(): number | null {
    return demandOf(this.#arrivals)?.neededMs ?? null;
  }
}

/** How far to stay behind the newest picture that there is, by its age. */
const WAITING = 1.1;
/** No latency would cover what comes so late. */
const OUTAGE_MS = 2000;

const now = (): number => performance.now();
