import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** How long a camera may take to its first frame, and between frames. */
const FIRST_FRAME = milliseconds(15_000);
const BETWEEN_FRAMES = milliseconds(5000);
const LOOK_INTERVAL = milliseconds(500);

/**
 * Resolves when no frame has come for too long; pending for ever once `signal` is aborted.
 * @param newest when the newest one came, by the monotonic clock
 */
export async function silence(
  newest: () => Milliseconds | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Failure> {
  const start = clock.monotonic();
  for (;;) {
    await clock.sleep(LOOK_INTERVAL, signal);
    if (signal.aborted) return new Promise(() => {});
    const last = newest();
    const patience = last === undefined ? FIRST_FRAME : BETWEEN_FRAMES;
    if (clock.monotonic() - (last ?? start) <= patience) continue;
    return { kind: 'silent', message: `the camera has sent no picture for ${patience / 1000} s` };
  }
}
