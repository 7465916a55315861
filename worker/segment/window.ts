import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/**
 * Keeps an object in memory while its segment is in the time-shift window: a pending timer does (compatibility date
 * 2026-10-01), where an object that has none is forgotten after ten seconds without a call. When the window is left there
 * is no timer any more, so that nothing is paid for what nobody can ask for.
 *
 * One timer keeps an object for a quarter of an hour at most: a longer window is several, one after the other.
 */
const LONGEST_TIMER = milliseconds(10 * 60_000);

export class TimeShiftWindow {
  readonly #onLeft: () => void;
  #timer: number | null = null;

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /** Begins, or begins anew. @param time from now until the segment leaves the window */
  open(time: Milliseconds): void {
    this.close();
    const step = Math.min(time, LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      if (step < time) this.open(milliseconds(time - step));
      else this.#onLeft();
    }, step);
  }

  /** There is nothing to keep. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
