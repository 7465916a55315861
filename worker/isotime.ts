import { type Milliseconds } from '../protocol/units.ts';
import type { EdgeContext } from './env.ts';

/** The clock that players set theirs by: UTC less the time displacement, as `%Y-%m-%dT%H:%M:%S.%fZ` (microseconds). */
export function isoTime(c: EdgeContext, now: Milliseconds): Response {
  const displacementSeconds = Number(c.env.TIME_DISPLACEMENT) || 0;
  const displaced = new Date(now - 1000 * displacementSeconds);
  return c.text(displaced.toISOString().replace('Z', '000Z'), 200, { 'cache-control': 'no-store' });
}
