import { MediaPlayer, type FragmentRequest, type MediaPlayerClass } from 'dashjs';
import { Ahead } from './ahead.ts';
import { open, step } from './ceiling.ts';
import { dashSettings, type VideoSize } from './dash-settings.ts';
import type { EdgeClock } from './edge-clock.ts';
import { MediaBitrate } from './gauges.ts';
import type { MissingSound } from './missing-sound.ts';

/** What a session reports while it lasts; each is told later than dash.js' own work on the matter, but for `fatal`. */
export interface SessionReports {
  readonly manifestLoaded: () => void;
  /** A part of a segment is there, but not yet in the buffer. */
  readonly arriving: () => void;
  /** dash.js gave a segment up, and asks for none any more until it is made to seek. */
  readonly segmentLost: () => void;
  /** dash.js gives all up and takes the picture away after this. */
  readonly fatal: () => void;
  /** The browser wants a click before it plays. */
  readonly blocked: () => void;
}

export interface SessionParts {
  readonly video: HTMLVideoElement;
  readonly manifest: string;
  readonly size: VideoSize;
  readonly clock: EdgeClock;
  /** Undefined where none is played. */
  readonly sound: MissingSound | undefined;
  readonly reports: SessionReports;
}

/** Media time from here on is seconds since 1970; below it is some encoder's own. */
const EPOCH_LOCKED_FROM = 1e9;
const MANIFEST_RENEWAL_MS = 3000;
const ON_TIME_MS = 400;
/** By how much more than a round trip the next segment is asked for before this one ends. */
const AHEAD_MS = 100;

/** Codes of dash.js' errors that leave it playing: a linked element, the clock, a subtitle could not be loaded. */
const HARMLESS: ReadonlySet<unknown> = new Set([12, 16, 33]);
const MANIFEST_ERROR = 25;
/** A segment, its init segment or its index could not be loaded or appended. */
const SEGMENT_ERRORS: ReadonlySet<unknown> = new Set([20, 26, 27, 28]);

/**
 * One attachment of dash.js to a video element. A new one is made for each, as what a failed one has kept is not
 * known: dash.js 5.2 blacklists its only base URL when a segment fails, for one, and heeds later failures no more.
 */
export class DashSession {
  readonly #parts: SessionParts;
  readonly #player: MediaPlayerClass = MediaPlayer().create();
  readonly #bitrate = new MediaBitrate();
  /** Of the picture and of the sound. */
  readonly #ahead = { video: new Ahead(), audio: new Ahead() };
  readonly #firstByteAt = new WeakMap<FragmentRequest, number>();
  #ceiling = open;
  /** In kbit/s. */
  #qualities: readonly number[] = [];
  #manifestLoaded = false;
  #over = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const player = this.#player;
    player.initialize(parts.video, undefined, true);
    player.updateSettings(dashSettings(parts.size));
    const { sound } = parts;
    sound?.begins();
    if (sound === undefined || sound.isLeftOut) player.registerCustomCapabilitiesFilter(isNoSound);
    // Where a manifest names no clock dash.js would ask a public one: neither private nor the clock of the stream.
    player.clearDefaultUTCTimingSources();
    player.addUTCTimingSource('urn:mpeg:dash:utc:http-xsdate:2014', parts.clock.url);
    player.on('streamInitialized', () => this.#onManifest());
    player.on('fragmentLoadingStarted', (event: object) => this.#onAsked(event));
    player.on('fragmentLoadingProgress', (event: object) => this.#onArrival(event));
    player.on('fragmentLoadingCompleted', ({ request }) => this.#onSegment(request));
    player.on('playbackNotAllowed', () => parts.reports.blocked());
    // Internal to dash.js, but there is no other way to the clock it has measured.
    player.on('updateTimeSyncOffset', (event: object) =>
      parts.clock.suggest('offset' in event ? event.offset : undefined),
    );
    player.on('error', ({ error }) => this.#onError(error));
    player.attachSource(parts.manifest);
  }

  end(): void {
    this.#over = true;
    this.#ahead.video.end();
    this.#ahead.audio.end();
    this.#player.destroy();
  }

  play(): void {
    if (this.ready) this.#player.play();
  }

  seekToLive(): void {
    if (this.ready) this.#player.seekToOriginalLive();
  }

  /** Whether dash.js has got so far that it can be asked. */
  get ready(): boolean {
    const { video } = this.#parts;
    return this.#manifestLoaded && video.readyState >= HTMLMediaElement.HAVE_METADATA && video.currentTime > 0;
  }

  /** How far the picture of this media time is behind reality. */
  latencyMs(time: number): number | null {
    if (time <= 0) return null;
    const { clock, video } = this.#parts;
    const ms = this.isEpochLocked
      ? clock.now() - time * 1000
      : (this.#player.getCurrentLiveLatency() + video.currentTime - time) * 1000;
    return Number.isFinite(ms) ? ms : null;
  }

  /** How old the newest picture in the buffer is that has its sound. */
  get newestMs(): number | null {
    const { buffered } = this.#parts.video;
    return buffered.length === 0 ? null : this.latencyMs(buffered.end(buffered.length - 1));
  }

  /** Whether media time is capture time. */
  get isEpochLocked(): boolean {
    return this.#parts.video.currentTime > EPOCH_LOCKED_FROM;
  }

  /** Latency that the manifest asks for. */
  get configuredMs(): number | null {
    const target = this.#player.getTargetLiveDelay();
    return target > 0 ? target * 1000 : null;
  }

  /** From one frame to the next, by the manifest. */
  get frameMs(): number {
    const rate = this.#representation?.frameRate ?? 0;
    return rate > 0 ? 1000 / rate : 40;
  }

  get bitrateKbps(): number | null {
    return this.#representation?.bitrateInKbit ?? null;
  }

  get measuredKbps(): number | null {
    return this.#bitrate.kbps;
  }

  get representation(): string | null {
    return this.#representation?.id ?? null;
  }

  /** Whether sound is played, heard or not. */
  get hasSound(): boolean {
    return this.#manifestLoaded && this.#player.getTracksFor('audio').length > 0;
  }

  /** Seconds that are there from the picture on. */
  get ahead(): { readonly video: number; readonly audio: number } {
    const of = (kind: 'video' | 'audio'): number => this.#player.getBufferLength(kind) || 0;
    return { video: of('video'), audio: of('audio') };
  }

  /** RFC 6381. */
  get soundCodec(): string | null {
    const { codecs } = this.#player.getCurrentRepresentationForType('audio') ?? {};
    return codecs?.match(/codecs="([^"]+)"/)?.[1] ?? codecs ?? null;
  }

  get soundKbps(): number | null {
    return this.#player.getCurrentRepresentationForType('audio')?.bitrateInKbit ?? null;
  }

  get #representation(): { readonly id: string; readonly bitrateInKbit: number; readonly frameRate?: number } | null {
    return this.#player.getCurrentRepresentationForType('video');
  }

  #onManifest(): void {
    this.#manifestLoaded = true;
    this.#qualities = this.#player
      .getRepresentationsByTypeUnfiltered('video')
      .map(({ bitrateInKbit }) => bitrateInKbit);
    this.#parts.reports.manifestLoaded();
  }

  /** One for each video on a wall would be too many: browsers keep few connections to a server. */
  #onAsked(event: object): void {
    if (this.#parts.size === 'tile' || !('request' in event)) return;
    const { type, mediaType, url, index, startTime, duration } = event.request as FragmentRequest;
    if (url === null || (mediaType !== 'video' && mediaType !== 'audio')) return;
    this.#parts.sound?.asked(mediaType, url, type === 'MediaSegment' ? index : undefined);
    if (type !== 'MediaSegment' || !this.isEpochLocked) return;
    const next = url.replace(`-${index}.m4s`, `-${index + 1}.m4s`);
    // With CMCD each URL says how the player does when it asks.
    if (next === url || next.includes('CMCD=')) return;
    const { clock } = this.#parts;
    this.#ahead[mediaType].plan(
      url,
      next,
      (startTime + duration) * 1000 - clock.now() - clock.roundTripMs - AHEAD_MS,
      () => this.#onTime,
    );
  }

  /** Whether what has arrived is about as new as it could be. */
  get #onTime(): boolean {
    return (this.newestMs ?? Infinity) < this.#parts.clock.roundTripMs + ON_TIME_MS;
  }

  #onArrival(event: object): void {
    const kind = 'mediaType' in event ? event.mediaType : undefined;
    if (kind !== 'video' && kind !== 'audio') return;
    this.#parts.sound?.came(kind, performance.now());
    if (!this.ready) return;
    this.#parts.reports.arriving();
    if (kind === 'video' && 'request' in event) this.#keepCeiling(event.request as FragmentRequest, false);
  }

  #onSegment(request: FragmentRequest): void {
    if (request.mediaType === 'video' && request.type === 'MediaSegment') {
      this.#bitrate.add(request.bytesLoaded, request.duration);
      if (this.ready) this.#keepCeiling(request, true);
    }
  }

  /** Holds dash.js to what the line carries. */
  #keepCeiling(request: FragmentRequest, whole: boolean): void {
    const { bytesLoaded, startTime, duration } = request;
    const tookMs = this.#tookMs(request);
    if (this.#qualities.length < 2 || !this.isEpochLocked || tookMs === null) return;
    const { clock } = this.#parts;
    const transfer = {
      bytes: bytesLoaded,
      tookMs,
      durationMs: duration * 1000,
      lateMs: clock.now() - (startTime + duration) * 1000 - clock.roundTripMs,
      latencyMs: this.latencyMs(this.#parts.video.currentTime) ?? 0,
      whole,
    };
    const { kbps } = this.#ceiling;
    this.#ceiling = step(this.#ceiling, transfer, this.#qualities, performance.now());
    if (this.#ceiling.kbps === kbps) return;
    const video = this.#ceiling.kbps === Infinity ? -1 : Math.ceil(this.#ceiling.kbps);
    this.#player.updateSettings({ streaming: { abr: { maxBitrate: { video } } } });
  }

  /** How long ago its first byte came. dash.js knows that by the wall clock, which somebody may set in between. */
  #tookMs(request: FragmentRequest): number | null {
    if (request.firstByteDate === null) return null;
    const now = performance.now();
    const firstByteAt = this.#firstByteAt.get(request) ?? now - (Date.now() - request.firstByteDate.getTime());
    this.#firstByteAt.set(request, firstByteAt);
    return now - firstByteAt;
  }

  #onError(error: unknown): void {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (HARMLESS.has(code)) return;
    if (code === MANIFEST_ERROR && this.#manifestLoaded) this.#later(MANIFEST_RENEWAL_MS, () => this.#renewManifest());
    else if (SEGMENT_ERRORS.has(code)) this.#later(0, this.#parts.reports.segmentLost);
    else this.#parts.reports.fatal();
  }

  /**
   * After a failure dash.js 5.2 asks for the manifest never again, and refreshManifest() does nothing then
   * (ManifestUpdater stays in isUpdating); this does.
   */
  #renewManifest(): void {
    this.#player.updateSource(this.#parts.manifest);
  }

  #later(delayMs: number, what: () => void): void {
    setTimeout(() => {
      if (!this.#over) what();
    }, delayMs);
  }
}

/** Of a representation, with what its adaptation set says. */
const isNoSound = (representation: object): boolean =>
  !('mimeType' in representation && String(representation.mimeType).startsWith('audio/'));
