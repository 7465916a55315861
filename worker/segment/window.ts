import { WINDOW_SLACK } from '../../protocol/epoch.ts';
import { millisecondsOfSeconds, type Milliseconds } from '../../protocol/units.ts';

/**
 * Keeps an object in memory while its segment is in the time-shift window: without a call under way the platform forgets
 * it after ten seconds. A little later, when no request can be on its way any more, it is told that the window is left.
 */
export class TimeShiftWindow {
  readonly #onLeft: () => void;
  #timer: number | null = null;
  /** Told when the call that keeps the object is over. */
  #kept = Promise.withResolvers<void>();

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /**
   * The last call keeps the object, and lets the one before it go.
   * @param time from now until the segment leaves the window
   */
  async linger(time: Milliseconds): Promise<void> {
    this.#kept.resolve();
    this.#kept = Promise.withResolvers();
    const { promise, resolve } = this.#kept;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      resolve();
      this.#timer = setTimeout(this.#onLeft, millisecondsOfSeconds(WINDOW_SLACK));
    }, time);
    await promise;
  }
}
