import type { Clock } from './clock.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';

/** How long nothing may come: before the first, and after each. */
export interface Patience {
  readonly first: Milliseconds;
  readonly next: Milliseconds;
}

/**
 * Resolves when nothing has come for too long, with how long that was; with undefined when the signal is aborted.
 * @param heard when the newest came, by the monotonic clock; undefined before the first
 */
export async function silence(
  heard: () => Milliseconds | undefined,
  { first, next }: Patience,
  clock: Clock,
  signal: AbortSignal,
): Promise<Milliseconds | undefined> {
  const start = clock.monotonic();
  while (!signal.aborted) {
    const newest = heard();
    const patience = newest === undefined ? first : next;
    const left = (newest ?? start) + patience - clock.monotonic();
    if (left <= 0) return patience;
    // The first may come meanwhile, and the one after it not.
    await clock.sleep(milliseconds(Math.min(left, next)), signal);
  }
  return undefined;
}
