import type { Clock } from '../clock.ts';
import { milliseconds, millisecondsOfSeconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';
import { patience } from './camera-state.ts';

/**
 * Which of a camera's qualities somebody wants, where they are made only then. In the terms of a whole camera: one that is
 * asked for is wanted for 15 s, and on from each segment that had viewers. That is told when a segment has ended, so by so
 * much later.
 */
export class Demand {
  readonly #options: DemandOptions;
  /** By quality. */
  readonly #wanted = new Map<number, Milliseconds>();

  constructor(options: DemandOptions) {
    this.#options = options;
  }

  /** Somebody asks for it. */
  wanted(index: number): void {
    this.#wanted.set(index, this.#options.clock.monotonic());
  }

  /** Somebody has watched what was sent. Of one that rests by now it says nothing new. */
  watched(index: number): void {
    if (this.isWanted(index)) this.wanted(index);
  }

  isWanted(index: number): boolean {
    const { clock, segmentDuration, isOutage } = this.#options;
    const since = this.#wanted.get(index);
    const most = milliseconds(patience({ outage: isOutage() }) + millisecondsOfSeconds(segmentDuration));
    return since !== undefined && clock.monotonic() - since < most;
  }
}

export interface DemandOptions {
  readonly clock: Clock;
  readonly segmentDuration: Seconds;
  /** The edge can't be reached: nothing is known of viewers. */
  readonly isOutage: () => boolean;
}
