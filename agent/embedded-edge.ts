import { randomBytes } from 'node:crypto';
import { signToken, type Right, type TokenClaims } from '../protocol/token.ts';
import { seconds, secondsOfMilliseconds, type Seconds } from '../protocol/units.ts';
import { startRuntime, type RuntimeOptions } from './embedded-edge/runtime.ts';
import { supervise } from './embedded-edge/supervisor.ts';
import { connections, type Edge } from './upload/edge.ts';

/** The edge in workerd on this machine: no account, no cloud. */
export interface EmbeddedEdge {
  readonly edge: Edge;
  /** What browsers on this machine open. */
  readonly url: URL;
  readonly token: (right: Right, stream: TokenClaims['sub'], life: Seconds) => Promise<string>;
  /** Never rejects. */
  readonly close: () => Promise<void>;
}

export type EmbeddedEdgeOptions = RuntimeOptions;

/** The agent's own token is made anew long before it ends. */
const AGENT_TOKEN_LIFE = seconds(3600);

export const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Starts one, and starts it anew whenever it fails.
 *
 * @throws UserError when the address can't be had, or there is no place for what it stores
 */
export async function startEmbeddedEdge(options: EmbeddedEdgeOptions): Promise<EmbeddedEdge> {
  const { host, https, secret, clock } = options;
  const runtime = await startRuntime(options);
  const { port } = runtime;
  const token: EmbeddedEdge['token'] = (right, stream, life) =>
    signToken({ sub: stream, scope: right, exp: Math.floor(secondsOfMilliseconds(clock.wall()) + life) }, secret);
  const edge: Edge = {
    base: embeddedBase(host, port, https),
    ...connections(https?.own),
    token: () => token('publish', '*', AGENT_TOKEN_LIFE),
  };
  const over = new AbortController();
  // Never rejects.
  const supervised = supervise(runtime, {
    ...options,
    edge,
    restart: () => startRuntime({ ...options, port }),
    signal: over.signal,
  });
  const scheme = https === undefined ? 'http' : 'https';
  return {
    edge,
    url: new URL(`${scheme}://${isAnyAddress(host) ? 'localhost' : urlHost(host)}:${port}/`),
    token,
    close: async () => {
      over.abort();
      await (await supervised)?.close();
    },
  };
}

/** Where the agent reaches an embedded edge that listens on `host` and `port`. */
export const embeddedBase = (host: string, port: number, https: EmbeddedEdgeOptions['https']): URL =>
  new URL(`${https === undefined ? 'http' : 'https'}://${reachable(host)}:${port}`);

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '*';
const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);
/** Where this machine reaches what listens on `host`. */
const reachable = (host: string): string => (isAnyAddress(host) ? '127.0.0.1' : urlHost(host));
