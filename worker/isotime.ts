import { TIME_HEADER } from '../protocol/headers.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';
import type { EdgeContext, Env } from './env.ts';

/**
 * The clock that players set theirs by: UTC less the time displacement, as `%Y-%m-%dT%H:%M:%S.%fZ` (microseconds).
 * Agents read the time itself beside it.
 */
export function isoTime(c: EdgeContext, now: Milliseconds): Response {
  const displaced = new Date(toldTime(c.env, now));
  return c.text(displaced.toISOString().replace('Z', '000Z'), 200, {
    'cache-control': 'no-store',
    [TIME_HEADER]: new Date(now).toISOString(),
  });
}

/** What players take for now: the time displacement has them ask later. */
export const toldTime = (env: Env, now: Milliseconds): Milliseconds =>
  milliseconds(now - 1000 * (Number(env.TIME_DISPLACEMENT) || 0));
