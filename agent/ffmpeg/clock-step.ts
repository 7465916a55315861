import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';

const LOOK_INTERVAL = milliseconds(500);
/** Less than this nobody notices; the wall clock is made to go a little faster or slower all the time. */
const NOTICED_MS = 250;

/**
 * Resolves when somebody has set a clock: this machine's, which FFmpeg takes for the time of frames, so that it would
 * leave out frames until the time they had come to is there again; or the one that pictures are to be timed by, where that
 * is another one. Pending for ever once `signal` is aborted.
 */
export async function clockStep(clock: Clock, machine: Clock, signal: AbortSignal): Promise<Failure> {
  const own = (): number => machine.wall() - machine.monotonic();
  const other = (): number => clock.wall() - machine.wall();
  const before = { own: own(), other: other() };
  for (;;) {
    await machine.sleep(LOOK_INTERVAL, signal);
    if (signal.aborted) return new Promise(() => {});
    const by = { own: own() - before.own, other: other() - before.other };
    if (Math.abs(by.own) >= NOTICED_MS)
      return { kind: 'clock', message: `this machine's clock was set ${way(by.own)}` };
    if (Math.abs(by.other) >= NOTICED_MS) {
      return { kind: 'clock', message: `by this machine's clock the edge's went ${way(by.other)}` };
    }
  }
}

const way = (by: number): string => `${by > 0 ? 'forward' : 'back'} by ${(Math.abs(by) / 1000).toFixed(1)} s`;
