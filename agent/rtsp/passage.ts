import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { StreamConfig } from '../config/schema.ts';
import { codeOf } from '../errors.ts';
import { FrameEnds } from './frame-ends.ts';

/** How long a camera may take to accept a connection. */
const CONNECT_MS = 10_000;
const RTSP_PORT = 554;

/** Over TCP and in the clear: there is nothing to be read in TLS, and packets of UDP come on their own. */
export const hasPassage = (stream: StreamConfig): stream is StreamConfig & { readonly type: 'RTSP' } =>
  stream.type === 'RTSP' && stream.transport === 'tcp' && stream.input.href.startsWith('rtsp:');

/** A way to a camera that FFmpeg takes instead of its own connection. */
export interface Passage {
  /** What FFmpeg is to open. */
  readonly href: string;
  /** Why the camera could not be reached, in FFmpeg's words; undefined while there was nothing. */
  readonly trouble: string | undefined;
}

/**
 * Opens a passage to the camera of an `rtsp:` URL, on this machine only, in which {@link FrameEnds} are marked. It says
 * nothing of its own: credentials and all else are between FFmpeg and the camera.
 */
export async function openPassage(href: string, signal: AbortSignal): Promise<Passage> {
  const camera = new URL(href);
  let trouble: string | undefined;
  const open = new Set<Socket>();
  const server = createServer((toFfmpeg) => {
    const toCamera = connect({ host: hostOf(camera), port: Number(camera.port || RTSP_PORT), timeout: CONNECT_MS });
    const both = [toFfmpeg, toCamera];
    const end = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', (error) => {
        if (socket === toCamera) trouble = inFfmpegsWords(codeOf(error));
      });
      socket.on('close', () => {
        open.delete(socket);
        end();
      });
    }
    toCamera.on('connect', () => toCamera.setTimeout(0));
    toCamera.on('timeout', () => toCamera.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    const ends = new FrameEnds();
    toFfmpeg.pipe(toCamera);
    toCamera.on('data', (chunk) => {
      toFfmpeg.cork();
      for (const piece of ends.push(chunk)) toFfmpeg.write(piece);
      toFfmpeg.uncork();
      if (toFfmpeg.writableNeedDrain) toCamera.pause();
    });
    toFfmpeg.on('drain', () => toCamera.resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  // It takes a moment to listen, in which the session may have ended.
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return {
    // Not by `URL`: it would encode what cameras expect as it is.
    href: href.replace(HOST, (_, before: string) => `${before}127.0.0.1:${port}`),
    get trouble() {
      return trouble;
    },
  };
}

/** Behind the credentials, up to the path. */
const HOST = /^(rtsp:\/\/(?:[^/?]*@)?)[^/?]*/;
/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** As FFmpeg would say it had it connected itself: there is one place that understands it. */
function inFfmpegsWords(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'Connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Failed to resolve hostname';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return 'No route to host';
    case 'ETIMEDOUT':
      return 'Connection timed out';
    default:
      return `the camera's connection broke (${code ?? 'unknown'})`;
  }
}
