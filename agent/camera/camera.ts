import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import { Control } from '../control.ts';
import type { SummaryFile } from '../statistics/summary-file.ts';
import type { Edge } from '../upload/edge.ts';
import type { RepresentationId } from '../../protocol/names.ts';
import { milliseconds, millisecondsOfTicks, type Milliseconds } from '../../protocol/units.ts';
import { Announcement } from './announcement.ts';
import {
  IDLE,
  nextLook,
  transition,
  type CameraContext,
  type CameraDecision,
  type CameraEvent,
  type CameraState,
} from './camera-state.ts';
import { Deliveries } from './deliveries.ts';
import { Demand } from './demand.ts';
import { indexOfRepresentation } from './description.ts';
import { known, type Renditions } from './renditions.ts';
import { startRun, type Run } from './run.ts';
import { Meter, type CameraStatus } from './status.ts';
import type { Way } from './way.ts';

/** How long the last segments may take when the agent ends. */
const SHUTDOWN = milliseconds(2000);

export interface CameraOptions {
  readonly stream: StreamConfig;
  readonly way: Way;
  readonly edge: Edge;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Takes secrets out of why it waits, which everybody who may watch is told. */
  readonly redact: (text: string) => string;
  /** Where the figures of its clients are written, where that is asked for. */
  readonly summary: SummaryFile | undefined;
}

/** One camera, for as long as the agent runs: carries out what its state machine (`camera-state.ts`) decides. */
export class Camera {
  readonly #options: CameraOptions;
  readonly #control: Control;
  readonly #announcement: Announcement;
  readonly #deliveries: Deliveries;
  readonly #demand: Demand;
  readonly #meter = new Meter();
  #state: CameraState = IDLE;
  /** Aborted when the state has changed: it may have to be looked at at another time. */
  #changed = new AbortController();
  /** The run that is under way; it may be stopping. */
  #run: { readonly stop: AbortController; readonly over: Promise<void> } | undefined;
  #due: Run['due'] = () => [];
  /** Ends what is still owed to the edge. */
  readonly #uploads = new AbortController();
  readonly #unsettled = new Set<Promise<void>>();
  #newestFrame: Milliseconds | undefined;
  #restarts = 0;

  constructor(options: CameraOptions) {
    this.#options = options;
    const { stream } = options;
    this.#control = new Control({
      ...options,
      stream: stream.stream,
      onConnected: () => this.#announcement.putInits(options.signal),
      onWanted: (representation) => this.#wanted(representation),
    });
    this.#announcement = new Announcement({ ...options, control: this.#control });
    this.#deliveries = new Deliveries({
      ...options,
      stream: stream.stream,
      onWatched: () => this.#take({ kind: 'watched' }),
    });
    this.#demand = new Demand({
      ...options,
      segmentDuration: stream.segmentDuration,
      isOutage: () => this.#deliveries.isOutage,
    });
  }

  /** Ends, when the signal says so, with the camera let go and nothing owed to the edge that could still be delivered. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    const controlled = this.#control.run();
    signal.addEventListener('abort', () => this.#changed.abort(), { once: true });
    this.#say();
    while (!signal.aborted) {
      this.#take({ kind: 'time' });
      await this.#untilNextLook();
    }
    await this.#run?.over;
    await controlled;
    const settled = new AbortController();
    // Never rejects.
    void clock.sleep(SHUTDOWN, settled.signal).then(() => this.#uploads.abort());
    await Promise.all(this.#unsettled);
    settled.abort();
  }

  status(): CameraStatus {
    const { clock, stream, redact } = this.#options;
    const { putRoundTrip, viewers, dropped } = this.#deliveries;
    return {
      stream: stream.stream,
      state: this.#state.kind === 'stopping' ? 'idle' : this.#state.kind,
      detail: this.#state.kind === 'waiting' ? redact(this.#state.failure.message) : undefined,
      ...this.#meter.rates(clock.monotonic()),
      newestFrameAge: this.#newestFrame === undefined ? undefined : milliseconds(clock.wall() - this.#newestFrame),
      putRoundTrip,
      viewers,
      restarts: this.#restarts,
      dropped,
    };
  }

  /** @param representation one that is made only then; undefined where it is the camera as such */
  #wanted(representation: RepresentationId | undefined): void {
    if (representation === undefined) {
      this.#take({ kind: 'wanted' });
      return;
    }
    this.#demand.wanted(indexOfRepresentation(representation));
    // Who watches has had a manifest, and that has woken the camera.
    this.#take({ kind: 'watched' });
  }

  #context(): CameraContext {
    const { clock, stream } = this.#options;
    return { now: clock.monotonic(), alwaysOn: stream.alwaysOn, outage: this.#deliveries.isOutage };
  }

  async #untilNextLook(): Promise<void> {
    const { signal } = this.#changed;
    const context = this.#context();
    const next = nextLook(this.#state, context);
    if (next === undefined) await aborted(signal);
    else await this.#options.clock.sleep(milliseconds(Math.max(0, next - context.now)), signal);
  }

  #take(event: CameraEvent): void {
    if (this.#options.signal.aborted) return;
    const { kind } = this.#state;
    const { state, decisions } = transition(this.#state, event, this.#context());
    this.#state = state;
    this.#changed.abort();
    this.#changed = new AbortController();
    for (const decision of decisions) this.#carryOut(decision);
    if (state.kind !== kind) this.#say();
  }

  #carryOut(decision: CameraDecision): void {
    const { stream, log } = this.#options;
    switch (decision.kind) {
      case 'start':
        this.#start();
        return;
      case 'stop':
        log.info(`${stream.stream}: nobody watches: stopped`);
        this.#run?.stop.abort();
        // Whom nobody watches has nobody waiting for what is left out.
        this.#due = () => [];
        return;
      case 'wait': {
        this.#restarts += 1;
        const when = decision.delay === 0 ? 'starting anew' : `trying again in ${decision.delay / 1000} s`;
        log.warn(`${stream.stream}: ${decision.failure.message}; ${when}`);
        return;
      }
    }
  }

  #start(): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, stop.signal]);
    const run = startRun({
      ...this.#options,
      source: this.#options.way.source,
      signal,
      uploadSignal: this.#uploads.signal,
      due: this.#due(),
      // Never rejects.
      onRenditions: (renditions) => void this.#goLive(renditions, signal),
      onFrame: (index, frame) => {
        this.#newestFrame = millisecondsOfTicks(frame.time);
        this.#meter.count({ at: this.#options.clock.monotonic(), index, bytes: frame.size });
      },
      isWanted: (index) => this.#demand.isWanted(index),
      onOutcome: (index, number, outcome) => {
        this.#deliveries.outcome(number, outcome);
        if ('viewers' in outcome && outcome.viewers > 0) this.#demand.watched(index);
      },
      onRetry: (number, detail) => this.#deliveries.retries(number, detail),
    });
    this.#due = run.due;
    this.#settles(run.settled);
    this.#run = { stop, over: this.#untilOver(run, stop) };
  }

  /** Never rejects. */
  async #untilOver(run: Run, stop: AbortController): Promise<void> {
    const { summary, signal } = this.#options;
    // Never rejects.
    void summary?.keep(AbortSignal.any([signal, stop.signal]));
    const failure = await run.over;
    stop.abort();
    this.#newestFrame = undefined;
    if (failure === undefined && summary !== undefined) this.#settles(summary.finish());
    const otherWay = failure !== undefined && this.#options.way.goOver(failure);
    this.#take({ kind: 'over', failure, otherWay });
  }

  /** What was left to be done gets done by itself; the next run need not wait for it. @param work never rejects */
  #settles(work: Promise<void>): void {
    const settled = work.finally(() => this.#unsettled.delete(settled));
    this.#unsettled.add(settled);
  }

  /** Tells the edge what there is to see, and when players may begin. Never rejects. */
  async #goLive(renditions: Renditions, signal: AbortSignal): Promise<void> {
    const { stream, log } = this.#options;
    if (!(await this.#announcement.tell(renditions, signal))) return;
    if (this.#state.kind === 'live') return;
    this.#take({ kind: 'ready' });
    const sizes = known(renditions).map(({ config }) => `${config.width}×${config.height}`);
    log.info(`${stream.stream}: live, ${sizes.join(' ')}`);
  }

  /** To the edge, and who watches there. */
  #say(): void {
    const { stream, log } = this.#options;
    const { state, detail } = this.status();
    log.debug(`${stream.stream}: ${state}`);
    this.#control.state(state, detail);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
