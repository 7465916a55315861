import { once } from 'node:events';
import { connect } from 'node:tls';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** What a TLS handshake with the edge shows; that the certificate is trusted, requests have shown already. */
export interface Handshake {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** When the certificate ends. */
  readonly ends: Milliseconds;
}

const PATIENCE_MS = 5000;

/** @throws Error when there is no handshake */
export async function handshakeWith(origin: URL, signal: AbortSignal): Promise<Handshake> {
  const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({
    host,
    port: origin.port === '' ? 443 : Number(origin.port),
    servername: /^[\d.]+$|:/.test(host) ? '' : host,
    ALPNProtocols: ['h2', 'http/1.1'],
    rejectUnauthorized: false,
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
    return {
      protocol: socket.getProtocol() ?? 'TLS',
      ends: milliseconds(Date.parse(socket.getPeerCertificate().valid_to)),
    };
  } finally {
    socket.destroy();
  }
}
