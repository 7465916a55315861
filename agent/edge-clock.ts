import type { Logger } from 'pino';
import { ahead, sighted, type Bounds, type Sighting } from '../protocol/edge-clock.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';
import type { Clock } from './clock.ts';

/** By so much nobody notices that a clock was set; clocks are put right by less all the time. */
export const NOTICED = milliseconds(100);

/**
 * The clock of an edge elsewhere: its wall time is the edge's, which numbers segments, whatever this machine's clock
 * shows. Until the edge has told, it is this machine's; and it stays so for as long as that may be right by all that the
 * edge has told.
 */
export class EdgeClock implements Clock {
  readonly #own: Clock;
  #bounds: Bounds | undefined;
  /** What it shows, less the monotonic clock, once the edge has told. */
  #ahead: Milliseconds | undefined;
  /** The correction that was said last; 0 when there was none to say. */
  #said = milliseconds(0);

  /** @param own this machine's */
  constructor(own: Clock) {
    this.#own = own;
  }

  readonly wall = (): Milliseconds =>
    this.#ahead === undefined ? this.#own.wall() : milliseconds(this.#own.monotonic() + this.#ahead);
  readonly monotonic = (): Milliseconds => this.#own.monotonic();
  readonly sleep: Clock['sleep'] = (time, signal) => this.#own.sleep(time, signal);

  /** How far it is ahead of this machine's. */
  get correction(): Milliseconds {
    return milliseconds(this.wall() - this.#own.wall());
  }

  /** The edge has told its time. */
  hear(sighting: Sighting): void {
    this.#bounds = sighted(this.#bounds, sighting);
    const shown = this.wall() - this.monotonic();
    const nearest = Math.min(this.#bounds.most, Math.max(this.#bounds.least, shown));
    // What was only carried on not quite right is put right by the least; else what is in the middle is the likeliest.
    this.#ahead = Math.abs(nearest - shown) > NOTICED ? ahead(this.#bounds) : milliseconds(nearest);
  }

  /** Says that this machine's clock is wrong: once, and again when that has changed. */
  remark(log: Logger): void {
    const { correction } = this;
    const agrees = Math.abs(correction) <= NOTICED;
    const isNews = agrees
      ? this.#said !== 0
      : Math.abs(correction - this.#said) > Math.max(NOTICED, Math.abs(this.#said) / 10);
    if (!isNews) return;
    this.#said = agrees ? milliseconds(0) : correction;
    if (agrees) return log.info("this machine's clock agrees with the edge's again");
    const difference = `${(Math.abs(correction) / 1000).toFixed(1)} s ${correction > 0 ? 'behind' : 'ahead of'}`;
    log.warn(`this machine's clock is ${difference} the edge's: pictures get the edge's time; set this machine by NTP`);
  }
}
