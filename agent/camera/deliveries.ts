import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { PutOutcome } from '../upload/put.ts';
import type { SegmentNumber, StreamName } from '../../protocol/names.ts';
import type { Milliseconds } from '../../protocol/units.ts';

/** What became of a camera's segments on their way to the edge: figures, and what people are told. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  #putRoundTrip: Milliseconds | undefined;
  #viewers = 0;
  #dropped = 0;
  /** What the edge has said last why it won't have them. */
  #refused: string | undefined;
  /** Since a segment did not reach the edge, until one does at once. */
  #outage: { readonly since: Milliseconds; readonly dropped: number } | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** From a segment's last byte to the edge's answer, the last time. */
  get putRoundTrip(): Milliseconds | undefined {
    return this.#putRoundTrip;
  }

  /** How many GETs the newest acknowledged segment had. */
  get viewers(): number {
    return this.#viewers;
  }

  /** Segments that could not be delivered while they were of use. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether segments don't reach the edge: then nothing is known of viewers. */
  get isOutage(): boolean {
    return this.#outage !== undefined;
  }

  outcome(number: SegmentNumber, outcome: PutOutcome): void {
    const { stream, log } = this.#options;
    switch (outcome.kind) {
      case 'delivered':
        this.#answered(outcome.viewers);
        this.#putRoundTrip = outcome.roundTrip;
        if (outcome.attempts === 1) this.#recovered();
        else log.debug(`${stream}: segment ${number} delivered after ${outcome.attempts} attempts`);
        this.#refused = undefined;
        return;
      case 'refused':
        // Each segment would say it again.
        if (this.#refused !== outcome.detail)
          log.error(`${stream}: the edge refuses segments (${outcome.status}): ${outcome.detail}`);
        this.#refused = outcome.detail;
        return;
      case 'dropped':
        this.#dropped += 1;
        log.debug(`${stream}: segment ${number} dropped: ${outcome.detail}`);
        return;
      case 'not wanted':
        this.#answered(outcome.viewers);
        log.debug(`${stream}: segment ${number}: the edge did not want it (${outcome.status})`);
        return;
      case 'cut off':
        log.debug(`${stream}: segment ${number}: ${outcome.kind}`);
        return;
    }
  }

  /** An attempt to send a segment has failed, and another one follows. Said once for all segments of an outage. */
  retries(number: SegmentNumber, detail: string): void {
    if (this.#outage !== undefined) return;
    const { stream, log, clock } = this.#options;
    this.#outage = { since: clock.monotonic(), dropped: this.#dropped };
    log.warn(`${stream}: segment ${number} did not reach the edge: ${detail}; sending it again`);
  }

  /** A segment went through at the first attempt. */
  #recovered(): void {
    if (this.#outage === undefined) return;
    const { stream, log, clock } = this.#options;
    const took = (clock.monotonic() - this.#outage.since) / 1000;
    const dropped = this.#dropped - this.#outage.dropped;
    this.#outage = undefined;
    log.info(`${stream}: the edge takes segments again, after ${took.toFixed(1)} s; ${dropped} dropped so far`);
  }

  #answered(viewers: number): void {
    this.#viewers = viewers;
    // What is sent after an outage says nothing yet of those who will come back.
    if (viewers > 0 || this.isOutage) this.#options.onWatched();
  }
}

export interface DeliveriesOptions {
  readonly stream: StreamName;
  readonly clock: Clock;
  readonly log: Logger;
  /** Somebody has watched what was sent, or may have. */
  readonly onWatched: () => void;
}
