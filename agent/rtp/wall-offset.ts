import type { Clock } from '../clock.ts';
import { milliseconds, ticks, ticksOfMilliseconds, type Milliseconds, type Ticks } from '../../protocol/units.ts';

/** A wall clock this far from where it should be was set by somebody. */
const STEP_MS = 100;
/** But it has to stay there for so long, and be seen there twice: between two readings a process may be held up. */
const CONFIRM_MS = 300;
/** Smaller differences are gone along with, by so much at most: nobody is to see it. */
const SLEW = 100e-6;

/**
 * From monotonic to wall time. The wall clock is read once; from then on time goes by the monotonic one, so that no
 * correction of it shows, but for those so large that somebody must have set it.
 */
export class WallOffset {
  readonly #clock: Clock;
  #offset: number;
  #read: Milliseconds;
  /** When it was first seen elsewhere. */
  #elsewhere: Milliseconds | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#read = clock.monotonic();
    this.#offset = clock.wall() - this.#read;
  }

  /** Wall time minus monotonic time. */
  get offset(): Milliseconds {
    return milliseconds(this.#offset);
  }

  /** Looks at the clocks. @returns by how much the wall clock was set; 0 nearly always */
  update(): Ticks {
    const now = this.#clock.monotonic();
    const off = this.#clock.wall() - now - this.#offset;
    const most = SLEW * (now - this.#read);
    this.#read = now;
    if (Math.abs(off) <= STEP_MS) {
      this.#elsewhere = undefined;
      this.#offset += Math.max(-most, Math.min(most, off));
      return ticks(0);
    }
    this.#elsewhere ??= now;
    if (now - this.#elsewhere < CONFIRM_MS) return ticks(0);
    this.#elsewhere = undefined;
    this.#offset += off;
    return ticksOfMilliseconds(milliseconds(off));
  }
}
