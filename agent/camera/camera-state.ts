import type { Failure } from '../media/failure.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { delayAfter, SLOWLY, SOON } from './backoff.ts';

/**
 * How one camera is, and what becomes of it: pure. Times are the monotonic clock's.
 *
 *              wanted               players can begin
 *       idle ─────────▶ starting ─────────────────▶ live
 *        ▲ ▲ ▲             ▲  │ over                 │ │
 *        │ │ │ unwatched   │  ▼                 over │ │ nobody has watched for 15 s (starting too)
 *        │ │ └────────── waiting ◀───────────────────┘ │
 *        │ │                                           ▼
 *        │ └──────────────── over ──────────────── stopping ──over, and wanted again──▶ starting
 *        └─ (a run that ended by itself is waited after; one that was stopped is not)
 *
 * `alwaysOn` is always wanted. A run is over when its connection is closed: a camera has one at a time.
 */
export type CameraState =
  | { readonly kind: 'idle'; readonly failures: number }
  | {
      readonly kind: 'starting' | 'live';
      readonly since: Milliseconds;
      readonly wanted: Milliseconds;
      readonly failures: number;
    }
  | { readonly kind: 'stopping'; readonly wanted: Milliseconds | undefined; readonly failures: number }
  | {
      readonly kind: 'waiting';
      readonly failure: Failure;
      readonly until: Milliseconds;
      readonly wanted: Milliseconds;
      readonly failures: number;
    };

export type CameraEvent =
  /** Somebody asks to watch. */
  | { readonly kind: 'wanted' }
  /** Somebody has watched what was sent: so they may go on. Of a camera that has been stopped it says nothing new. */
  | { readonly kind: 'watched' }
  /** There is media enough for players to begin. */
  | { readonly kind: 'ready' }
  /** The run is over: of itself, or because it was stopped. @param otherWay whether another way to the camera is left */
  | { readonly kind: 'over'; readonly failure: Failure | undefined; readonly otherWay?: boolean }
  | { readonly kind: 'time' };

export type CameraDecision =
  | { readonly kind: 'start' }
  /** As nobody watches. */
  | { readonly kind: 'stop' }
  /** Told before it is tried again. */
  | { readonly kind: 'wait'; readonly failure: Failure; readonly delay: Milliseconds };

export interface CameraContext {
  readonly now: Milliseconds;
  readonly alwaysOn: boolean;
  /** The edge can't be reached: nothing is known of viewers. */
  readonly outage: boolean;
}

/** How long a camera runs on after the last viewer has gone, as the original does. */
const UNWATCHED = milliseconds(15_000);
/** In an outage nothing is known of viewers: the camera runs on for them this long. */
const OUTAGE = milliseconds(300_000);
/** A run at least this long was a good one: the next failure is the first of a row. */
const GOOD_RUN = milliseconds(30_000);

export const IDLE: CameraState = { kind: 'idle', failures: 0 };

export interface Transition {
  readonly state: CameraState;
  readonly decisions: readonly CameraDecision[];
}

export function transition(state: CameraState, event: CameraEvent, context: CameraContext): Transition {
  switch (state.kind) {
    case 'idle':
      return event.kind === 'wanted' || context.alwaysOn ? started(state.failures, context) : stay(state);
    case 'starting':
    case 'live':
      return whileRunning(state, event, context);
    case 'stopping':
      if (event.kind === 'wanted') return stay({ ...state, wanted: context.now });
      if (event.kind !== 'over') return stay(state);
      return state.wanted === undefined
        ? stay({ kind: 'idle', failures: state.failures })
        : started(state.failures, context);
    case 'waiting':
      if (isSignOfLife(event)) return stay({ ...state, wanted: context.now });
      // Not before, whoever asks: cameras lock out who tries too often.
      if (context.now < state.until) return stay(state);
      if (!isWanted(state.wanted, context)) return stay({ kind: 'idle', failures: state.failures });
      return started(state.failures, context, state.wanted);
  }
}

/** When the state is to be looked at again though nothing has happened; undefined for never. */
export function nextLook(state: CameraState, context: CameraContext): Milliseconds | undefined {
  switch (state.kind) {
    case 'idle':
    case 'stopping':
      return undefined;
    case 'starting':
    case 'live':
      return context.alwaysOn ? undefined : milliseconds(state.wanted + patience(context));
    case 'waiting':
      return state.until;
  }
}

type Running = Extract<CameraState, { kind: 'starting' | 'live' }>;

function whileRunning(state: Running, event: CameraEvent, context: CameraContext): Transition {
  switch (event.kind) {
    case 'wanted':
    case 'watched':
      return stay({ ...state, wanted: context.now });
    case 'ready':
      return stay({ ...state, kind: 'live' });
    case 'time':
      if (isWanted(state.wanted, context)) return stay(state);
      return { state: { kind: 'stopping', wanted: undefined, failures: 0 }, decisions: [{ kind: 'stop' }] };
    case 'over':
      return event.failure === undefined
        ? stay({ kind: 'idle', failures: 0 })
        : failed(state, event.failure, event.otherWay === true, context);
  }
}

function failed(state: Running, failure: Failure, otherWay: boolean, context: CameraContext): Transition {
  const { now } = context;
  const failures = now - state.since > GOOD_RUN ? 1 : state.failures + 1;
  if (otherWay) return started(failures, context, state.wanted);
  // Nothing is wrong with a camera whose clock, or ours, was set.
  const atOnce = failure.kind === 'clock' && failures === 1;
  const delay = atOnce ? milliseconds(0) : delayAfter(failure.kind === 'credentials' ? SLOWLY : SOON, failures);
  const wait: CameraDecision = { kind: 'wait', failure, delay };
  if (atOnce) {
    const next = started(failures, context, state.wanted);
    return { ...next, decisions: [wait, ...next.decisions] };
  }
  const until = milliseconds(now + delay);
  return { state: { kind: 'waiting', failure, until, wanted: state.wanted, failures }, decisions: [wait] };
}

const started = (failures: number, { now }: CameraContext, wanted = now): Transition => ({
  state: { kind: 'starting', since: now, wanted, failures },
  decisions: [{ kind: 'start' }],
});

const stay = (state: CameraState): Transition => ({ state, decisions: [] });

const isSignOfLife = ({ kind }: CameraEvent): boolean => kind === 'wanted' || kind === 'watched';

/** How long after it was wanted last something is wanted still. */
export const patience = ({ outage }: Pick<CameraContext, 'outage'>): Milliseconds => (outage ? OUTAGE : UNWATCHED);

const isWanted = (wanted: Milliseconds, context: CameraContext): boolean =>
  context.alwaysOn || context.now - wanted < patience(context);
