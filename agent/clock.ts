import { setTimeout as sleep } from 'node:timers/promises';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';

/** Time, passed in: only entry points make one, and in tests it is simulated. */
export interface Clock {
  /** Since 1970. It steps when somebody sets it: for what is wall time, never for how long something took. */
  readonly wall: () => Milliseconds;
  /** Since some moment or other; never steps. For durations. */
  readonly monotonic: () => Milliseconds;
  /** Resolves after `time`, or at once when `signal` is aborted; never rejects. */
  readonly sleep: (time: Milliseconds, signal?: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
  wall: () => milliseconds(Date.now()),
  monotonic: () => milliseconds(performance.now()),
  sleep: (time, signal) => sleep(time, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
};
