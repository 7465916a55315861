import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../clock.ts';
import { milliseconds } from '../../protocol/units.ts';
import type { CameraUrl } from './camera-url.ts';
import { CameraFailure, connectionFailure, UNREACHABLE } from './refusal.ts';

/** How long a camera may take to accept a connection, its host's name looked up and TLS agreed on. */
const CONNECT = milliseconds(10_000);

/** A connection to a camera. */
export interface Wire {
  readonly stream: Duplex;
  /** Addresses of both ends; undefined where it is no socket. */
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
}

/** Connects to a camera. @throws CameraFailure */
export type Dial = (url: CameraUrl, clock: Clock, signal: AbortSignal) => Promise<Wire>;

/**
 * Over TCP, or TLS for `rtsps:`. A camera's certificate is its own, made in the factory for no name in particular: whose
 * it is isn't looked at, and old versions and ciphers are taken. That keeps off who listens, not who pretends.
 */
export const dial: Dial = async ({ scheme, host, port }, clock, signal) => {
  const isTls = scheme === 'rtsps';
  const socket = isTls
    ? connectTls({
        ...{ host, port, rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
    : connect({ host, port });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  socket.once(isTls ? 'secureConnect' : 'connect', () => resolve('connected'));
  socket.once('error', resolve);
  socket.once('close', () => resolve('closed'));
  const settled = new AbortController();
  const patience = clock.sleep(CONNECT, AbortSignal.any([signal, settled.signal])).then(() => 'late');
  const outcome = await Promise.race([promise, patience]);
  settled.abort();
  if (outcome === 'connected' && !signal.aborted) {
    socket.setNoDelay(true);
    return { stream: socket, remoteAddress: socket.remoteAddress, localAddress: socket.localAddress };
  }
  // What it still says is of no interest.
  socket.on('error', () => {}).destroy();
  throw new CameraFailure(outcome === 'late' ? UNREACHABLE : connectionFailure(outcome, isTls));
};
