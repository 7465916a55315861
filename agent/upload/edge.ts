import type { X509Certificate } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import type { StreamName } from '../../protocol/names.ts';
import { mediaPath, type MediaObject } from '../../protocol/paths.ts';
import { Backlog } from './backlog.ts';
import { Connections } from './connections.ts';
import { pinnedTo } from './pinned.ts';
import { withUserAgent } from './user-agent.ts';

/** The edge as the agent reaches it. */
export interface Edge {
  /** With a slash at its end: it may be below a path of a proxy. */
  readonly base: URL;
  /** For requests. */
  readonly dispatcher: Connections;
  /** For WebSockets, which few servers take over HTTP/2 (RFC 8441). */
  readonly sockets: Dispatcher;
  readonly backlog: Backlog;
  /** A publish token that is good now. */
  readonly token: () => Promise<string>;
}

/** The base of an edge as people write its address. */
export const baseOf = (url: string): URL => new URL(url.endsWith('/') ? url : `${url}/`);

/** @param path of the edge's own, which begins with a slash */
export const edgeUrl = ({ base }: Pick<Edge, 'base'>, path: string): URL => new URL(`.${path}`, base);

export const mediaUrl = (edge: Edge, stream: StreamName, object: MediaObject): URL =>
  edgeUrl(edge, mediaPath(stream, object));

export const authorization = async (edge: Edge): Promise<{ authorization: string }> => ({
  authorization: `Bearer ${await edge.token()}`,
});

/**
 * How an agent reaches an edge, but for the token.
 * @param certificate the only one trusted: for the embedded edge, which is this machine
 */
export function connections(certificate?: X509Certificate): Pick<Edge, 'dispatcher' | 'sockets' | 'backlog'> {
  const dispatcher = ({ allowH2, ...options }: Agent.Options & { readonly allowH2: boolean }): Dispatcher => {
    const connect = { timeout: 5000, allowH2 };
    return new Agent({
      ...options,
      allowH2,
      connect: certificate === undefined ? connect : pinnedTo(certificate, connect),
    }).compose(withUserAgent);
  };
  return {
    dispatcher: new Connections(() =>
      dispatcher({
        allowH2: true,
        keepAliveTimeout: 30_000,
        // A PUT lasts as long as its segment, and its answer comes after that.
        headersTimeout: 15_000,
        bodyTimeout: 15_000,
      }),
    ),
    sockets: dispatcher({ allowH2: false }),
    backlog: new Backlog(),
  };
}

export async function closeConnections({ dispatcher, sockets }: Pick<Edge, 'dispatcher' | 'sockets'>): Promise<void> {
  await Promise.all([dispatcher.destroy(), sockets.destroy()]);
}
