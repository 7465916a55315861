import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { Control } from '../control.ts';
import { messageOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import { saveSummary } from '../statistics.ts';
import { authorization, mediaUrl } from '../upload/edge.ts';
import type { PutOutcome } from '../upload/put.ts';
import { whyRefused } from '../upload/refusal.ts';
import type { CameraState } from '../../protocol/control.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { milliseconds, millisecondsOfTicks, type Milliseconds } from '../../protocol/units.ts';
import { delayAfter, SLOWLY, SOON } from './backoff.ts';
import { describe, representationId } from './description.ts';
import { headStart } from './head-start.ts';
import { startSession, type Session, type SessionOptions } from './session.ts';
import { Meter, type CameraStatus } from './status.ts';
import type { Rendition } from './track-writer.ts';

/** How long a camera runs on after the last viewer has gone, as the original does, and how often that is looked at. */
const UNWATCHED_MS = milliseconds(15_000);
/** In an outage nothing is known of viewers: the camera runs on for them this long. */
const OUTAGE_MS = 300_000;
const WATCH_INTERVAL_MS = 1000;
/** A run at least this long was a good one: the next failure is the first of a row. */
const GOOD_RUN_MS = 30_000;
/** How long the last segments may take when the agent ends. */
const SHUTDOWN_MS = 2000;
/** How old the file of statistics may be. */
const SAVE_INTERVAL_MS = 10_000;
/** How long an init segment may take. */
const INIT_MS = 5000;
/** How soon the edge is told again what it could not be told. */
const ANNOUNCE_RETRY_MS = 500;

export interface CameraOptions extends Pick<SessionOptions, 'stream' | 'edge' | 'ffmpeg' | 'log' | 'clock' | 'now'> {
  readonly signal: AbortSignal;
  /** Takes secrets out of why it waits, which everybody who may watch is told. */
  readonly redact: (text: string) => string;
  /** Where the figures of its clients are written when it stops, where that is asked for. */
  readonly summaryFile: string | undefined;
}

/**
 * One camera, for as long as the agent runs.
 *
 *            wanted               players can begin
 *     idle ─────────▶ starting ─────────────────▶ live
 *      ▲ ▲               ▲  │ failure               │ │
 *      │ │ unwatched     │  ▼                failure │ │ nobody has watched for 15 s
 *      │ └─────────── waiting ◀─────────────────────┘ │
 *      └──────────────────────────────────────────────┘
 *
 * `alwaysOn` is always wanted.
 */
export class Camera {
  readonly #options: CameraOptions;
  readonly #control: Control;
  #lastWanted: Milliseconds | undefined;
  /** Told when somebody wants to watch. */
  #wanted = Promise.withResolvers<void>();
  #renditions: readonly Rendition[] = [];
  /** Ends what is still owed to the edge. */
  readonly #uploads = new AbortController();
  #due: readonly (SegmentNumber | undefined)[] = [];
  readonly #unsettled = new Set<Promise<void>>();
  #refused: string | undefined;
  readonly #meter = new Meter();
  #state: CameraState = 'idle';
  #detail: string | undefined;
  #newestFrame: Milliseconds | undefined;
  #putRoundTrip: Milliseconds | undefined;
  #viewers = 0;
  #restarts = 0;
  #dropped = 0;
  /** Since a segment did not reach the edge, until one does at once. */
  #outage: { readonly since: Milliseconds; readonly dropped: number } | undefined;

  constructor(options: CameraOptions) {
    this.#options = options;
    const { clock, stream, edge, log, signal } = options;
    this.#control = new Control({
      clock,
      edge,
      stream: stream.stream,
      log,
      signal,
      onConnected: () => this.#putInits(),
      onWanted: () => this.#want(),
    });
    this.#control.announce(describe(stream, []));
  }

  /** Ends, when the signal says so, with FFmpeg gone and nothing owed to the edge that could still be delivered. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const controlled = this.#control.run();
    let failures = 0;
    while (!signal.aborted) {
      if (!this.#isWanted()) {
        this.#say('idle');
        await Promise.race([this.#wanted.promise, aborted(signal)]);
        continue;
      }
      const started = this.#options.now();
      const failure = await this.#session();
      if (failure === undefined) continue;
      failures = this.#options.now() - started > GOOD_RUN_MS ? 1 : failures + 1;
      await this.#waitAfter(failure, failures);
    }
    await controlled;
    const patience = setTimeout(() => this.#uploads.abort(), SHUTDOWN_MS);
    await Promise.all(this.#unsettled);
    clearTimeout(patience);
  }

  status(): CameraStatus {
    const now = this.#options.now();
    return {
      stream: this.#options.stream.stream,
      state: this.#state,
      detail: this.#detail,
      ...this.#meter.rates(now),
      newestFrameAge: this.#newestFrame === undefined ? undefined : milliseconds(now - this.#newestFrame),
      putRoundTrip: this.#putRoundTrip,
      viewers: this.#viewers,
      restarts: this.#restarts,
      dropped: this.#dropped,
    };
  }

  /** One run of FFmpeg; why it failed, or undefined when it was stopped. */
  async #session(): Promise<Failure | undefined> {
    const { stream, log, signal } = this.#options;
    this.#say('starting');
    const stop = new AbortController();
    const session = await startSession({
      ...this.#options,
      signal: AbortSignal.any([signal, stop.signal]),
      uploadSignal: this.#uploads.signal,
      due: this.#due,
      onRenditions: (renditions) => {
        this.#renditions = renditions;
        // Never rejects: it tries until the session is over.
        void this.#goLive(stop.signal);
      },
      onFrame: (index, frame) => {
        this.#newestFrame = millisecondsOfTicks(frame.time);
        this.#meter.count({ at: this.#options.now(), index, bytes: frame.size });
      },
      onOutcome: (number, outcome) => this.#outcome(number, outcome),
      onRetry: (number, detail) => this.#retries(number, detail),
    });
    this.#track(session);
    const watch = setInterval(() => {
      if (!this.#isWanted()) stop.abort();
    }, WATCH_INTERVAL_MS);
    // Not only at the end: who ends the agent may end the edge with it.
    const saving = setInterval(() => void this.#saveSummary(), SAVE_INTERVAL_MS);
    const failure = await session.ended;
    clearInterval(watch);
    clearInterval(saving);
    stop.abort();
    this.#newestFrame = undefined;
    // Whom nobody watches has nobody waiting for what is left out.
    this.#due = failure === undefined ? [] : session.due();
    if (failure === undefined) {
      if (!signal.aborted) log.info(`${stream.stream}: nobody watches: stopped`);
      const clients = await this.#saveSummary();
      if (clients > 0) log.info(`${stream.stream}: figures of ${clients} clients are in ${this.#options.summaryFile}`);
    }
    return failure;
  }

  /** @returns how many clients there were; never rejects */
  async #saveSummary(): Promise<number> {
    const { edge, log, stream, summaryFile } = this.#options;
    if (summaryFile === undefined) return 0;
    try {
      return await saveSummary(edge, stream.stream, summaryFile);
    } catch (error) {
      log.debug(`${stream.stream}: could not save the statistics: ${messageOf(error)}`);
      return 0;
    }
  }

  /** What was left owed settles by itself; the next session need not wait for it. */
  #track(session: Session): void {
    const settled = session.settled.finally(() => this.#unsettled.delete(settled));
    this.#unsettled.add(settled);
  }

  /** Tells the edge what there is to see, as soon as it can be reached. */
  async #goLive(over: AbortSignal): Promise<void> {
    const { stream, log } = this.#options;
    for (;;) {
      try {
        await this.#putInits();
        break;
      } catch (error) {
        if (over.aborted) return;
        log.debug(`${stream.stream}: init segments: ${messageOf(error)}`);
        await sleep(ANNOUNCE_RETRY_MS, undefined, { signal: over }).catch(() => {});
      }
    }
    if (over.aborted) return;
    this.#control.announce(
      describe(
        stream,
        this.#renditions.map(({ config }) => config),
      ),
    );
    await sleep(headStart(stream), undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    this.#say('live');
    const sizes = this.#renditions.map(({ config }) => `${config.width}×${config.height}`);
    log.info(`${stream.stream}: live, ${sizes.join(' ')}`);
  }

  async #putInits(): Promise<void> {
    const { edge, stream, signal } = this.#options;
    await Promise.all(
      this.#renditions.map(async ({ init }, index) => {
        const url = mediaUrl(edge, stream.stream, { kind: 'init', representation: representationId(index) });
        const headers = { ...(await authorization(edge)), 'content-type': 'video/mp4' };
        const inTime = AbortSignal.any([signal, AbortSignal.timeout(INIT_MS)]);
        const answer = await request(url, {
          method: 'PUT',
          dispatcher: edge.dispatcher,
          headers,
          body: init,
          signal: inTime,
        });
        const { statusCode: status, headers: answered } = answer;
        const text = await answer.body.text();
        if (status < 300) return;
        const why = whyRefused({ status, headers: answered, text });
        throw new Error(`the edge answered ${status} to an init segment: ${why}`);
      }),
    );
  }

  async #waitAfter(failure: Failure, failures: number): Promise<void> {
    const { stream, log, signal } = this.#options;
    this.#restarts += 1;
    const delay = delayAfter(failure.kind === 'credentials' ? SLOWLY : SOON, failures);
    log.warn(`${stream.stream}: ${failure.message}; trying again in ${delay / 1000} s`);
    this.#say('waiting', failure.message);
    await sleep(delay, undefined, { signal }).catch(() => {});
  }

  #outcome(number: SegmentNumber, outcome: PutOutcome): void {
    const { stream, log } = this.#options;
    switch (outcome.kind) {
      case 'delivered':
        this.#answered(outcome.viewers);
        this.#putRoundTrip = outcome.roundTrip;
        if (outcome.attempts === 1) this.#recovered();
        else log.debug(`${stream.stream}: segment ${number} delivered after ${outcome.attempts} attempts`);
        this.#refused = undefined;
        return;
      case 'refused':
        // Each segment would say it again.
        if (this.#refused !== outcome.detail)
          log.error(`${stream.stream}: the edge refuses segments (${outcome.status}): ${outcome.detail}`);
        this.#refused = outcome.detail;
        return;
      case 'dropped':
        this.#dropped += 1;
        log.debug(`${stream.stream}: segment ${number} dropped: ${outcome.detail}`);
        return;
      case 'not wanted':
        this.#answered(outcome.viewers);
        log.debug(`${stream.stream}: segment ${number}: the edge did not want it (${outcome.status})`);
        return;
      case 'cut off':
        log.debug(`${stream.stream}: segment ${number}: ${outcome.kind}`);
        return;
    }
  }

  /** Said once for all segments of an outage. */
  #retries(number: SegmentNumber, detail: string): void {
    if (this.#outage !== undefined) return;
    const { stream, log, now } = this.#options;
    this.#outage = { since: now(), dropped: this.#dropped };
    log.warn(`${stream.stream}: segment ${number} did not reach the edge: ${detail}; sending it again`);
  }

  /** A segment went through at the first attempt. */
  #recovered(): void {
    if (this.#outage === undefined) return;
    const { stream, log, now } = this.#options;
    const took = (now() - this.#outage.since) / 1000;
    const dropped = this.#dropped - this.#outage.dropped;
    this.#outage = undefined;
    log.info(`${stream.stream}: the edge takes segments again, after ${took.toFixed(1)} s; ${dropped} dropped so far`);
  }

  #answered(viewers: number): void {
    this.#viewers = viewers;
    // What is sent after an outage says nothing yet of those who will come back.
    if (viewers > 0 || this.#outage !== undefined) this.#want();
  }

  #say(state: CameraState, why?: string): void {
    const detail = why === undefined ? undefined : this.#options.redact(why);
    this.#state = state;
    this.#detail = detail;
    this.#options.log.debug(`${this.#options.stream.stream}: ${state}`);
    this.#control.state(state, detail);
  }

  #want(): void {
    this.#lastWanted = this.#options.now();
    this.#wanted.resolve();
    this.#wanted = Promise.withResolvers<void>();
  }

  #isWanted(): boolean {
    if (this.#options.stream.alwaysOn) return true;
    if (this.#lastWanted === undefined) return false;
    const unwatched = this.#options.now() - this.#lastWanted;
    if (unwatched < UNWATCHED_MS) return true;
    return this.#outage !== undefined && unwatched < OUTAGE_MS;
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
