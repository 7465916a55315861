import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';

const LOOK_INTERVAL = milliseconds(500);
/** Less than this nobody notices; the wall clock is made to go a little faster or slower all the time. */
const NOTICED_MS = 250;

/**
 * Resolves when somebody has set the wall clock, which FFmpeg takes for the time of frames: it would leave out frames
 * until the time they had come to is there again. Pending for ever once `signal` is aborted.
 */
export async function clockStep(clock: Clock, signal: AbortSignal): Promise<Failure> {
  const ahead = (): number => clock.wall() - clock.monotonic();
  const before = ahead();
  for (;;) {
    await clock.sleep(LOOK_INTERVAL, signal);
    if (signal.aborted) return new Promise(() => {});
    const by = ahead() - before;
    if (Math.abs(by) < NOTICED_MS) continue;
    const way = by > 0 ? 'forward' : 'back';
    return { kind: 'clock', message: `this machine's clock was set ${way} by ${(Math.abs(by) / 1000).toFixed(1)} s` };
  }
}
