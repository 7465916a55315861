import { delayAfter, SOON } from '../camera/backoff.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import { LastGop } from '../media/last-gop.ts';
import type { FrameSink } from '../media/source.ts';
import type { VideoConfig } from '../media/track.ts';
import { silence } from '../silence.ts';
import { milliseconds, seconds, secondsOfTicks, type Milliseconds } from '../../protocol/units.ts';
import { startEncoding, type Encoding, type EncodingOptions } from './encoding.ts';
import { Feed } from './feed.ts';
import type { LastMade } from './last-made.ts';
import type { Shapes } from './shapes.ts';

/** How long FFmpeg may take to a picture, once it has been fed with one. */
const PATIENCE = milliseconds(6000);
/** A run at least this long was a good one: the next failure is the first of a row. */
const GOOD_RUN = milliseconds(30_000);
/** Failures in a row after which nothing is to be expected any more. */
const MOST_FAILURES = 3;

/**
 * Has FFmpeg decode a camera's frames and encode each quality, whatever becomes of FFmpeg: the camera's connection, and what
 * else is made of it, don't notice.
 *
 *     running ──FFmpeg ends, or makes nothing─▶ resting ──back-off is over──▶ due
 *     running ──another configuration─────────▶ (it is ended) ──────────────▶ due
 *     due     ──frame, and a keyframe is known─▶ running      from that keyframe on, decoding quickly up to now
 *     running ──nobody wants what it makes─────▶ (it is ended) ──────────────▶ due, once somebody does
 *
 * It begins «running»: FFmpeg takes a while to start, in which the camera is connected to. What is made on demand begins so
 * only until it is known what FFmpeg makes of the camera's stream, as players have to be told.
 */
export class Transcoder implements FrameSink {
  readonly #options: TranscoderOptions;
  readonly #gop = new LastGop();
  #config: VideoConfig | undefined;
  #hasKeyframes = false;
  /** What it makes was told. */
  #isTold = false;
  #failures = 0;
  #state: { readonly kind: 'running'; readonly run: EncoderRun } | { readonly kind: 'resting' | 'due' };

  constructor(options: TranscoderOptions) {
    this.#options = options;
    this.#state = this.#begins ? { kind: 'running', run: this.#start(undefined) } : { kind: 'due' };
  }

  config(config: VideoConfig): void {
    this.#config = config;
    this.#gop.clear();
    this.#hasKeyframes = false;
    this.#tellWhatIsKnown(config);
    if (this.#state.kind !== 'running') return;
    const { run } = this.#state;
    // FFmpeg can be told one configuration only.
    if (!run.hasBegun && this.#options.shapes.fitting(config) === undefined) run.begin(config);
    else run.stop();
  }

  frame(frame: Frame): void {
    this.#gop.push(frame);
    this.#hasKeyframes ||= frame.keyframe;
    switch (this.#state.kind) {
      case 'running':
        if (this.#isNeeded) this.#state.run.frame(frame);
        else this.#rests(this.#state.run);
        return;
      case 'resting':
        return;
      case 'due':
        if (this.#isNeeded) this.#resume(frame);
        return;
    }
  }

  /** Whoever hands on frames ends it. */
  jump(): void {}

  get #isWanted(): boolean {
    return this.#options.sinks.some(isWanted);
  }

  get #isNeeded(): boolean {
    return !this.#isTold || this.#isWanted;
  }

  get #begins(): boolean {
    const { lastMade } = this.#options;
    return this.#isWanted || lastMade === undefined || lastMade.isEmpty;
  }

  /** Players learn of it while no FFmpeg runs. */
  #tellWhatIsKnown(config: VideoConfig): void {
    const { lastMade, shapes, sinks } = this.#options;
    const made = this.#isTold ? undefined : lastMade?.of(config);
    if (made === undefined) return;
    this.#isTold = true;
    // Notes what the camera's shape is.
    shapes.fitting(config);
    sinks.forEach((sink, index) => {
      shapes.told(index, made);
      sink.config(made);
    });
  }

  /** Nobody wants what it makes. */
  #rests(run: EncoderRun): void {
    const { stream, log } = this.#options;
    this.#state = { kind: 'resting' };
    run.dismiss();
    log.debug(`${stream.stream}: nobody watches what FFmpeg makes on demand: stopped`);
  }

  #resume(newest: Frame): void {
    const config = this.#config;
    // Where there never is a keyframe decoding begins anywhere, and mends itself.
    const frames = this.#hasKeyframes ? this.#gop.frames : [newest];
    if (config === undefined || frames.length === 0) return;
    const run = this.#start(config, frames.length > 1 ? newest : undefined);
    run.begin(config);
    run.catchUp(frames);
    this.#state = { kind: 'running', run };
  }

  /** @param from the first frame that is to be encoded; all when undefined */
  #start(config: VideoConfig | undefined, from?: Frame): EncoderRun {
    const { shapes, signal } = this.#options;
    const run = new EncoderRun(this.#options, {
      from: from === undefined ? undefined : seconds(secondsOfTicks(from.time) - 0.001),
      shapes: config === undefined ? undefined : shapes.fitting(config),
      onMade: (made, asItIs) => {
        this.#isTold = true;
        if (asItIs && this.#config !== undefined) this.#options.lastMade?.keep(this.#config, made);
      },
    });
    const since = this.#options.clock.monotonic();
    // Never rejects.
    void run.over.then((failure) => {
      if (signal.aborted) return;
      if (run.isDismissed) this.#pause();
      // Never rejects.
      else void this.#rest(failure, since);
    });
    return run;
  }

  #pause(): void {
    for (const { onDemand } of this.#options.sinks) onDemand?.pause();
    this.#failures = 0;
    this.#state = { kind: 'due' };
  }

  /** @param failure undefined when another configuration has come. Never rejects. */
  async #rest(failure: Failure | undefined, since: Milliseconds): Promise<void> {
    const { stream, clock, log, signal, onFailure } = this.#options;
    this.#state = { kind: 'resting' };
    const lasted = clock.monotonic() - since;
    if (failure !== undefined || lasted < SOON.first) {
      this.#failures = lasted > GOOD_RUN ? 1 : this.#failures + 1;
      const delay = delayAfter(SOON, this.#failures);
      if (failure !== undefined) {
        this.#options.encoder?.failed(failure);
        onFailure(failure, this.#failures >= MOST_FAILURES);
        log.warn(`${stream.stream}: ${failure.message}; trying again in ${delay / 1000} s`);
      }
      await clock.sleep(delay, signal);
    }
    this.#state = { kind: 'due' };
  }
}

export interface TranscoderOptions extends EncodingOptions {
  /** For each encoded quality, in order. */
  readonly sinks: readonly FrameSink[];
  readonly shapes: Shapes;
  /** What came of it before, where it is made on demand. */
  readonly lastMade?: LastMade;
  readonly signal: AbortSignal;
  /** FFmpeg has failed. @param hopeless often enough in a row */
  readonly onFailure: (failure: Failure, hopeless: boolean) => void;
}

/** One FFmpeg of a transcoder's. */
class EncoderRun {
  readonly #options: TranscoderOptions;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #silent = Promise.withResolvers<Failure>();
  readonly #encoding: Encoding;
  /** Why it is over; undefined when it was told to be. Never rejects. */
  readonly over: Promise<Failure | undefined>;
  #feed: Feed | undefined;
  #isDismissed = false;
  /** When the first frame came of which nothing has come out yet. */
  #owing: Milliseconds | undefined;

  constructor(
    options: TranscoderOptions,
    how: {
      readonly from: ReturnType<typeof seconds> | undefined;
      readonly shapes: ReturnType<Shapes['fitting']>;
      /** @param asItIs its shape is that of the camera */
      readonly onMade: (made: VideoConfig, asItIs: boolean) => void;
    },
  ) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.#encoding = startEncoding(options, {
      sinks: options.sinks.map((sink, index) => ({
        config: (config) => {
          options.shapes.told(index, config);
          how.onMade(config, how.shapes === undefined);
          sink.config(config);
        },
        frame: (frame) => {
          this.#owing = undefined;
          if (isWanted(sink)) sink.frame(frame);
        },
      })),
      fed: { from: how.from },
      shapes: how.shapes,
      signal: this.#signal,
    });
    this.over = Promise.race([this.#encoding.over, this.#silent.promise]).then(async (failure) => {
      this.stop();
      await this.#encoding.over;
      return failure;
    });
  }

  get hasBegun(): boolean {
    return this.#feed !== undefined;
  }

  begin(config: VideoConfig): void {
    const { stdin } = this.#encoding;
    if (stdin === null || this.#feed !== undefined) return;
    this.#feed = new Feed(stdin, config);
    const { clock } = this.#options;
    const heard = (): Milliseconds => this.#owing ?? clock.monotonic();
    // Never rejects.
    void silence(heard, { first: PATIENCE, next: PATIENCE }, clock, this.#signal).then((waited) => {
      if (waited === undefined) return;
      this.#silent.resolve({ kind: 'encoder', message: `FFmpeg has made no picture for ${waited / 1000} s` });
    });
  }

  frame(frame: Frame): void {
    this.#owing ??= this.#options.clock.monotonic();
    this.#feed?.frame(frame);
  }

  catchUp(frames: readonly Frame[]): void {
    this.#owing ??= this.#options.clock.monotonic();
    this.#feed?.catchUp(frames);
  }

  stop(): void {
    this.#ending.abort();
  }

  /** Nobody wants what it makes. */
  dismiss(): void {
    this.#isDismissed = true;
    this.stop();
  }

  get isDismissed(): boolean {
    return this.#isDismissed;
  }
}

/** What is not said to be made on demand always is. */
const isWanted = ({ onDemand }: FrameSink): boolean => onDemand?.isWanted() ?? true;
