import type { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';

/**
 * Connects to the one server that has this certificate, whatever name it bears, whoever has signed it and however old it
 * is; to no other.
 */
export function pinnedTo(certificate: X509Certificate, options: buildConnector.BuildOptions): buildConnector.connector {
  // A session that is taken up again does not show its certificate.
  const connect = buildConnector({ ...options, rejectUnauthorized: false, maxCachedSessions: 0 });
  return (target, callback) =>
    connect(target, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      if (socket instanceof TLSSocket && socket.getPeerX509Certificate()?.raw.equals(certificate.raw) !== true) {
        socket.destroy();
        return callback(new Error('another server answers: its certificate is not the one of "sslCertFile"'), null);
      }
      return callback(null, socket);
    });
}
