import type { CameraState } from '../../protocol/control.ts';
import type { StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** How a camera is doing, for the table on the terminal and for machines. */
export interface CameraStatus {
  readonly stream: StreamName;
  readonly state: CameraState;
  /** Why it waits. */
  readonly detail: string | undefined;
  /** Of the first quality, over the last seconds. */
  readonly framesPerSecond: number;
  /** Of all qualities together, over the last seconds. */
  readonly kbps: number;
  /** How old the newest frame is. */
  readonly newestFrameAge: Milliseconds | undefined;
  /** From a segment's last byte to the edge's answer, the last time. */
  readonly putRoundTrip: Milliseconds | undefined;
  /** How many GETs the newest acknowledged segment had. */
  readonly viewers: number;
  /** Failures since the agent started. */
  readonly restarts: number;
  /** Segments that could not be delivered while they were of use, since the agent started. */
  readonly dropped: number;
}

const WINDOW = milliseconds(2000);

interface Arrival {
  readonly at: Milliseconds;
  readonly index: number;
  readonly bytes: number;
}

/** Frames and bytes over the last two seconds. */
export class Meter {
  #arrivals: Arrival[] = [];

  count(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    // Now and then, so that a frame costs next to nothing.
    if (this.#arrivals.length > 2048) this.#forget(arrival.at);
  }

  rates(now: Milliseconds): { readonly framesPerSecond: number; readonly kbps: number } {
    this.#forget(now);
    const frames = this.#arrivals.filter(({ index }) => index === 0).length;
    const bytes = this.#arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0);
    return { framesPerSecond: frames / (WINDOW / 1000), kbps: (bytes * 8) / WINDOW };
  }

  #forget(now: Milliseconds): void {
    this.#arrivals = this.#arrivals.filter(({ at }) => now - at <= WINDOW);
  }
}
