import { supportsMediaSource } from 'dashjs';
import { clockUrl, manifestUrl, type PageAddress } from './address.ts';
import { DashSession } from './dash-session.ts';
import type { VideoSize } from './dash-settings.ts';
import { EdgeClock } from './edge-clock.ts';
import { FrameRate } from './gauges.ts';
import { knock } from './knock.ts';
import { bufferAhead, Leaps } from './leaps.ts';
import { MissingSound } from './missing-sound.ts';
import { Motion } from './motion.ts';
import { Pacemaker } from './pacemaker.ts';
import { detached, step, type Action, type Happening, type Recovery } from './recovery.ts';
import type { LiveState, Statistics } from './statistics.ts';
import { StillPicture } from './still-picture.ts';
import { fetchStream, type StreamEntry } from './streams.ts';
import { explain, unsupported, type Trouble } from './trouble.ts';

export interface LiveVideoParts {
  readonly video: HTMLVideoElement;
  /** Lies over the video and shows its last picture while there is no other. */
  readonly still: HTMLCanvasElement;
  readonly address: PageAddress;
  readonly size: VideoSize;
  /** For how long one that nobody sees goes on. */
  readonly suspendAfterMs: number;
}

/** Paused for longer, it is not worth to go on where it was. */
const STALE_PAUSE_MS = 8000;
/** By so much a clock's inaccuracy puts no picture into the future. */
const AHEAD_MS = 500;
/** A stall is worth a word after this long. */
const NOTICEABLE_STALL_MS = 400;
/** A start is worth an explanation after this long. */
const SLOW_START_MS = 2500;

/**
 * A live video that comes back by itself: the shell around recovery.ts, a DashSession and a video element. `tick` it a few
 * times a second, then read `statistics` and `trouble`.
 */
export class LiveVideo {
  /** What the API said of the stream last; whoever hears of it may say so. */
  entry: StreamEntry | undefined;

  readonly #parts: LiveVideoParts;
  readonly #manifest: string;
  readonly #clock: EdgeClock;
  readonly #frameRate = new FrameRate();
  readonly #motion: Motion;
  readonly #leaps: Leaps;
  readonly #pacemaker: Pacemaker;
  readonly #still: StillPicture;
  /** A tile has none: it would take connections that others play by. */
  readonly #sound: MissingSound | undefined;
  readonly #listeners = new AbortController();
  #recovery: Recovery = detached;
  #session: DashSession | undefined;
  #trouble: Trouble | undefined;
  #attachedAt = 0;
  #reattached = 0;
  #droppedBefore = 0;
  #hasPlayed = false;
  #blocked = false;
  #wanted = false;
  #pausedAt: number | undefined;
  #unseenSince: number | undefined;

  constructor(parts: LiveVideoParts) {
    this.#parts = parts;
    this.#clock = new EdgeClock(clockUrl(parts.address));
    this.#manifest = manifestUrl(parts.address);
    const { video } = parts;
    this.#motion = new Motion(video);
    this.#leaps = new Leaps(video, this.#motion);
    this.#pacemaker = new Pacemaker(video, parts.address.targetMs);
    this.#still = new StillPicture(video, parts.still);
    this.#sound = parts.size === 'page' ? new MissingSound() : undefined;
    const { signal } = this.#listeners;
    video.addEventListener('waiting', () => this.#onWaiting(), { signal });
    video.addEventListener('playing', () => this.#onPlaying(), { signal });
    video.addEventListener('ended', () => this.#happen('fatal'), { signal });
    window.addEventListener('online', () => this.#happen('hope'), { signal });
  }

  /** Also after `stop`. */
  start(): void {
    if (!supportsMediaSource()) return;
    this.#wanted = true;
    if (this.entry === undefined) void this.#ask();
    this.#happen('attach');
  }

  stop(): void {
    this.#wanted = false;
    this.#happen('detach');
  }

  /** For good. */
  dispose(): void {
    this.stop();
    this.#listeners.abort();
  }

  /** Whether anybody can see it. Unseen ones go on for a while only, and are where reality is when seen again. */
  setSeen(seen: boolean): void {
    if (seen === (this.#unseenSince === undefined)) return;
    this.#unseenSince = seen ? undefined : now();
    this.#motion.excuse();
    if (!seen || !this.#wanted || this.#pausedAt !== undefined) return;
    if (this.#recovery.phase === 'detached') this.#happen('attach');
    else this.#goOn();
    this.#happen('hope');
  }

  togglePause(): void {
    if (this.#pausedAt !== undefined || this.#blocked) this.resume();
    else this.pause();
  }

  pause(): void {
    this.#pausedAt ??= now();
    this.#motion.excuse();
    this.#parts.video.pause();
  }

  /** Goes on at the live edge. */
  resume(): void {
    const pausedFor = now() - (this.#pausedAt ?? now());
    this.#pausedAt = undefined;
    this.#blocked = false;
    if (pausedFor > STALE_PAUSE_MS) this.#happen('detach');
    if (this.#recovery.phase === 'detached') this.#happen('attach');
    else this.#goOn();
    this.#happen('hope');
  }

  jumpToLive(): void {
    if (this.#pausedAt !== undefined || this.#blocked) return this.resume();
    this.#motion.excuse();
    this.#seekToLive();
    this.#happen('hope');
  }

  /** A reason to think that it might work now. */
  hope(): void {
    this.#happen('hope');
  }

  tick(): void {
    const moved = this.#motion.sample(this.#mayRest);
    if (this.#isUnneeded) this.#happen('detach');
    else if (moved) this.#happen('moves');
    else this.#happen(this.#mayRest ? 'rests' : 'tick');
    this.#frameRate.sample(this.#parts.video, now());
    if (this.#mayRest) this.#pacemaker.rest();
    if (this.#waitsForSound(moved || this.#mayRest)) this.#happen('sound changed');
    if (this.#mayRest || this.#session?.ready !== true) return;
    this.#clock.keep();
    if (moved) void this.#lookForSound();
    if (isAhead(this.#session, this.#parts.video.currentTime)) return this.#happen('clock set back');
    if (moved) this.#keepPace(this.#session);
    else if (this.#leaps.crossGap()) this.#pacemaker.forgetArrivals();
  }

  get state(): LiveState {
    if (!supportsMediaSource()) return 'waiting';
    if (this.#blocked) return 'blocked';
    if (this.#pausedAt !== undefined) return 'paused';
    switch (this.#recovery.phase) {
      case 'detached':
        return 'suspended';
      case 'playing':
        return this.#motion.stalledFor > NOTICEABLE_STALL_MS ? 'stalled' : 'playing';
      case 'starting':
        return this.#trouble === undefined ? 'starting' : stateOf(this.#trouble);
      case 'lost':
      case 'knocking':
        return stateOf(this.#trouble ?? this.#guess());
    }
  }

  /** Why it does not play, where there is more to say than its state. */
  get trouble(): Trouble | undefined {
    if (!supportsMediaSource()) return unsupported([]);
    switch (this.#recovery.phase) {
      case 'detached':
      case 'playing':
        return undefined;
      case 'starting':
        if (this.#trouble !== undefined || now() - this.#attachedAt < SLOW_START_MS) return this.#trouble;
        return this.#guess();
      case 'lost':
      case 'knocking':
        return this.#trouble ?? this.#guess();
    }
  }

  get statistics(): Statistics {
    const { video } = this.#parts;
    const session = this.#session?.ready === true ? this.#session : undefined;
    const { stalls } = this.#motion;
    return {
      state: this.state,
      latencyMs:
        session === undefined || isAhead(session, this.#motion.shownTime)
          ? null
          : session.latencyMs(this.#motion.shownTime),
      targetMs: session === undefined ? null : this.#pacemaker.targetMs,
      targetWhy: this.#pacemaker.why,
      neededMs: this.#pacemaker.neededMs,
      bufferS: session === undefined ? null : bufferAhead(video),
      rate: video.playbackRate,
      bitrateKbps: session?.bitrateKbps ?? null,
      measuredKbps: session?.measuredKbps ?? null,
      representation: session?.representation ?? null,
      soundCodec: session?.soundCodec ?? null,
      soundKbps: session?.soundKbps ?? null,
      soundMissing: this.#sound?.isLeftOut ?? false,
      width: video.videoWidth,
      height: video.videoHeight,
      fps: this.#frameRate.fps,
      stalls: stalls.count,
      stalledMs: stalls.totalMs,
      dropped: this.#droppedBefore + video.getVideoPlaybackQuality().droppedVideoFrames,
      reattached: this.#reattached,
    };
  }

  /** Whether the stream has sound, be it that it doesn't come; undefined until its manifest is there. */
  get hasSound(): boolean | undefined {
    if (this.#sound?.isLeftOut === true) return true;
    return this.#session?.ready === true ? this.#session.hasSound : undefined;
  }

  #happen(happening: Happening): void {
    const before = this.#recovery;
    const { next, action } = step(before, happening, now());
    this.#recovery = next;
    if (before.phase === 'playing' && next.phase === 'lost') this.#onLost();
    if (before.phase !== 'playing' && next.phase === 'playing') this.#onPicture();
    this.#act(action);
  }

  #act(action: Action): void {
    switch (action) {
      case 'attach':
        return this.#attach();
      case 'detach':
        return this.#detach();
      case 'nudge':
        return this.#seekToLive();
      case 'knock':
        void this.#knock();
        return;
      case 'nothing':
    }
  }

  #attach(): void {
    this.#detach();
    this.#attachedAt = now();
    const state = this.#recovery;
    if (state.phase === 'starting' && state.attempt > 0) this.#reattached += 1;
    this.#session = new DashSession({
      video: this.#parts.video,
      manifest: this.#manifest,
      size: this.#parts.size,
      clock: this.#clock,
      sound: this.#sound,
      reports: {
        manifestLoaded: () => this.#happen('manifest loaded'),
        arriving: () => {
          if (this.#session !== undefined) this.#pacemaker.arriving(this.#session);
        },
        segmentLost: () => this.#happen('segment lost'),
        fatal: () => {
          this.#still.take();
          this.#happen('fatal');
        },
        blocked: () => this.#onBlocked(),
      },
    });
  }

  #detach(): void {
    if (this.#session === undefined) return;
    this.#still.take();
    this.#droppedBefore += this.#parts.video.getVideoPlaybackQuality().droppedVideoFrames;
    this.#session.end();
    this.#session = undefined;
    this.#pacemaker.forgetArrivals();
    this.#motion.timeWasSet();
    if (this.#recovery.phase === 'detached') this.#motion.excuse();
  }

  /** After a rest in which it may have fallen behind, or been paused by the browser. */
  #goOn(): void {
    this.#motion.excuse();
    this.#happen('rests');
    if (this.#parts.video.paused) this.#session?.play();
    this.#seekToLive();
  }

  #seekToLive(): void {
    this.#session?.seekToLive();
    this.#pacemaker.forgetArrivals();
    this.#motion.timeWasSet();
  }

  /** At the target, by playing a little faster or slower, or by a jump where that would take too long. */
  #keepPace(session: DashSession): void {
    this.#pacemaker.tick(session, this.#motion.stalls.totalMs);
    const { targetMs } = this.#pacemaker;
    if (targetMs !== null) this.#leaps.skip(session, targetMs);
  }

  async #knock(): Promise<void> {
    const [found] = await Promise.all([knock(this.#parts.address), this.#ask()]);
    if (this.#recovery.phase !== 'knocking') return;
    const { entry } = this;
    this.#trouble =
      found.kind === 'open' && entry !== undefined && !playable(entry)
        ? unsupported(entry.codecs)
        : explain(found, entry, this.#hasPlayed);
    this.#happen(found.kind === 'open' ? 'found open' : 'found shut');
  }

  /** Before a knock has shown more. */
  #guess(): Trouble {
    return explain({ kind: 'not ready' }, this.entry, this.#hasPlayed);
  }

  async #ask(): Promise<void> {
    const answer = await fetchStream(this.#parts.address);
    if (answer.kind === 'ok') this.entry = answer.value;
  }

  /** Without a click most browsers play what is muted only. */
  #onBlocked(): void {
    const { video } = this.#parts;
    if (video.muted) {
      this.#blocked = true;
    } else {
      video.muted = true;
      video.play().catch(() => {
        this.#blocked = true;
      });
    }
  }

  async #lookForSound(): Promise<void> {
    if ((await this.#sound?.look(now())) === true) this.#happen('sound changed');
  }

  #onWaiting(): void {
    if (!this.#mayRest) this.#motion.waits();
  }

  #onPlaying(): void {
    this.#blocked = false;
    if (this.#pausedAt === undefined) this.#motion.plays();
    else this.#parts.video.pause();
  }

  #onLost(): void {
    this.#motion.waits();
    this.#trouble = undefined;
  }

  #onPicture(): void {
    this.#hasPlayed = true;
    this.#trouble = undefined;
    this.#still.clear();
  }

  get #mayRest(): boolean {
    return this.#pausedAt !== undefined || this.#blocked || (this.#unseenSince !== undefined && !this.#isHeard);
  }

  /** Whoever listens need not look. */
  get #isHeard(): boolean {
    const { muted, volume } = this.#parts.video;
    return !muted && volume > 0 && this.#session?.ready === true && this.#session.hasSound;
  }

  #waitsForSound(isWell: boolean): boolean {
    const session = this.#session;
    if (session === undefined || this.#sound === undefined || !session.hasSound) return false;
    return this.#sound.leaveOut(isWell, session.ahead, now());
  }

  get #isUnneeded(): boolean {
    if (this.#unseenSince === undefined || this.#isHeard || document.pictureInPictureElement === this.#parts.video)
      return false;
    return now() - this.#unseenSince > this.#parts.suspendAfterMs;
  }
}

/** Whether the picture of this media time is of a time that has not come. */
const isAhead = (session: DashSession, time: number): boolean =>
  session.isEpochLocked && (session.latencyMs(time) ?? 0) < -AHEAD_MS;

const now = (): number => performance.now();

const stateOf = (trouble: Trouble): LiveState => STATE_IN[trouble.kind];

const STATE_IN: Record<Trouble['kind'], LiveState> = {
  denied: 'denied',
  starting: 'starting',
  interrupted: 'reconnecting',
  missing: 'waiting',
  ended: 'waiting',
  camera: 'waiting',
  unreachable: 'waiting',
  unsupported: 'waiting',
};

const playable = ({ codecs }: StreamEntry): boolean =>
  codecs.length === 0 || codecs.some((codec) => MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`));
