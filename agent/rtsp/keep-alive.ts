import type { Clock } from '../clock.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { RtspConnection } from './connection.ts';
import { CameraFailure } from './refusal.ts';

/** What a session that says nothing of it lasts without being asked for, in seconds (RFC 2326, 12.37). */
const DEFAULT_TIMEOUT = 60;
const MOST = milliseconds(30_000);
const LEAST = milliseconds(1000);

/** How often a session is to be asked for. @param timeout in seconds, as the camera says */
export const keepAliveInterval = (timeout = DEFAULT_TIMEOUT): Milliseconds =>
  milliseconds(Math.min(MOST, Math.max(LEAST, timeout * 500)));

/**
 * How to ask for a session, by what the camera says it can do: by `GET_PARAMETER`, which is for it (RFC 2326, 10.8), or by
 * `OPTIONS`, which all know.
 */
export const keepAliveMethod = (methods: readonly string[]): 'GET_PARAMETER' | 'OPTIONS' =>
  methods.includes('GET_PARAMETER') ? 'GET_PARAMETER' : 'OPTIONS';

/**
 * Asks for a session until the signal is aborted. What the camera answers is no reason to end what it sends: one that
 * refuses `GET_PARAMETER`, though it said that it knows it, is asked by `OPTIONS` from then on.
 */
export async function keepAlive(options: {
  readonly connection: RtspConnection;
  readonly url: string;
  readonly session: string | undefined;
  readonly interval: Milliseconds;
  readonly method: 'GET_PARAMETER' | 'OPTIONS';
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { connection, url, session, interval, clock, signal } = options;
  let { method } = options;
  for (;;) {
    await clock.sleep(interval, signal);
    if (signal.aborted) return;
    try {
      const { status } = await connection.request(method, url, { Session: session });
      if (status >= 400) method = 'OPTIONS';
    } catch (error) {
      if (!(error instanceof CameraFailure)) throw error;
    }
  }
}
