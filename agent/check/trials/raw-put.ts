import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A PUT that can be cut off in ways that no client offers. */
export interface RawPut {
  readonly write: (piece: string) => void;
  readonly cut: () => void;
}

export type Cut = 'FIN' | 'RST' | 'HTTP/2 reset';

/** @returns undefined where the edge does not speak that. @throws Error when there is no connection */
export const openPut = (
  how: Cut,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawPut | undefined> =>
  how === 'HTTP/2 reset' ? openHttp2(url, headers, signal) : openHttp1(how, url, headers, signal);

async function openHttp1(
  how: 'FIN' | 'RST',
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawPut> {
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const tcp = connectTcp({ host, port });
  const abandon = (): void => void tcp.destroy();
  signal.addEventListener('abort', abandon, { once: true });
  tcp.on('close', () => signal.removeEventListener('abort', abandon));
  await once(tcp, 'connect', { signal });
  const socket: Socket = isSecure
    ? connectTls({ socket: tcp, host, servername: /^[\d.]+$|:/.test(host) ? '' : host, ALPNProtocols: ['http/1.1'] })
    : tcp;
  if (isSecure) await once(socket, 'secureConnect', { signal });
  for (const one of [tcp, socket]) one.on('error', abandon);
  // Read, or an answer would turn the end into a reset.
  socket.resume();
  const lines = Object.entries({ ...headers, host: url.host, 'transfer-encoding': 'chunked' });
  socket.write(
    [`PUT ${url.pathname} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'),
  );
  return {
    write: (piece) => void socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`),
    cut: () => void (how === 'FIN' ? socket.end() : tcp.resetAndDestroy()),
  };
}

async function openHttp2(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawPut | undefined> {
  if (url.protocol !== 'https:') return undefined;
  const session = connectHttp2(url.origin);
  const abandon = (): void => session.destroy();
  signal.addEventListener('abort', abandon, { once: true });
  session.on('close', () => signal.removeEventListener('abort', abandon));
  try {
    await once(session, 'connect', { signal });
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    if (isOtherProtocol(error)) return undefined;
    throw error;
  }
  const request = session.request({ ...headers, ':method': 'PUT', ':path': url.pathname }, { endStream: false });
  session.on('error', abandon);
  request.on('error', () => {});
  request.resume();
  return {
    write: (piece) => void request.write(piece),
    cut: () => {
      // Not `close`, which would end the body first.
      request.destroy(new Error('cut'));
      session.close();
    },
  };
}

/** It answers, but not in HTTP/2. */
const isOtherProtocol = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  /^ERR_(HTTP2_ERROR|SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)$/.test(String(error.code));
