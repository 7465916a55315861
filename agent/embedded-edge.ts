import { randomBytes } from 'node:crypto';
import type { Miniflare } from 'miniflare';
import { signToken, type Right, type TokenClaims } from '../protocol/token.ts';
import { seconds, secondsOfMilliseconds, type Seconds } from '../protocol/units.ts';
import type { Clock } from './clock.ts';
import { openEdgeStorage } from './edge-storage.ts';
import { siteBindings } from './embedded-sites.ts';
import { codeOf, messageOf, UserError } from './errors.ts';
import { connections, type Edge } from './upload/edge.ts';

/** The edge in workerd on this machine: no account, no cloud. */
export interface EmbeddedEdge {
  readonly edge: Edge;
  /** What browsers on this machine open. */
  readonly url: URL;
  readonly token: (right: Right, stream: TokenClaims['sub'], life: Seconds) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface EmbeddedEdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly https: { readonly key: string; readonly cert: string } | undefined;
  readonly secret: string;
  readonly playback: 'open' | 'token';
  /** Sites whose pages may read what it answers; else its own, and where a token is needed any. */
  readonly origins?: readonly string[] | undefined;
  readonly timeDisplacement: Seconds;
  readonly waitForAbsentSegment: boolean;
  readonly clock: Clock;
  readonly onError: (message: string) => void;
}

/** The agent's own token is made anew long before it ends. */
const AGENT_TOKEN_LIFE = seconds(3600);

export const newSecret = (): string => randomBytes(32).toString('base64url');

/** @throws UserError when the address can't be had */
export async function startEmbeddedEdge(options: EmbeddedEdgeOptions): Promise<EmbeddedEdge> {
  const { host, https, secret, clock } = options;
  let said = '';
  // Only here: it takes a second and some memory, and an agent of an edge elsewhere needs none of it.
  const [{ Miniflare: Runtime }, { addressOf, miniflareOptions }] = await Promise.all([
    import('miniflare'),
    import('../miniflare.config.ts'),
  ]);
  const storage = await openEdgeStorage(process.pid, clock);
  const miniflare = withoutSignalListeners(
    new Runtime(
      miniflareOptions({
        host,
        port: options.port,
        https,
        storage: storage.folder,
        bindings: {
          FASTLL_SECRET: secret,
          PLAYBACK: options.playback,
          ...siteBindings(options),
          // There is no cache in front of anything.
          FAN_OUT: 'direct',
          TIME_DISPLACEMENT: String(options.timeDisplacement),
          WAIT_FOR_ABSENT_SEGMENT: String(options.waitForAbsentSegment),
        },
        onError: (message) => {
          said = message;
          options.onError(message);
        },
      }),
    ),
  );
  const close = async (): Promise<void> => {
    try {
      // Rejects when the runtime has never started.
      await miniflare.dispose();
    } finally {
      await storage.close();
    }
  };
  const address = await addressOf(miniflare, { https }).catch(async (error: unknown) => {
    // Else it would keep the process from ending. It fails for the same reason again.
    await close().catch(() => {});
    throw whyNotReady(error, said, host, options.port);
  });
  const scheme = https === undefined ? 'http' : 'https';
  // A URL leaves out the port that its scheme implies.
  const port = Number(address.port) || (https === undefined ? 80 : 443);
  const token: EmbeddedEdge['token'] = (right, stream, life) =>
    signToken({ sub: stream, scope: right, exp: Math.floor(secondsOfMilliseconds(clock.wall()) + life) }, secret);
  return {
    edge: {
      origin: embeddedOrigin(host, port, https),
      ...connections(https?.cert),
      token: () => token('publish', '*', AGENT_TOKEN_LIFE),
    },
    url: new URL(`${scheme}://${isAnyAddress(host) ? 'localhost' : urlHost(host)}:${port}/`),
    token,
    close,
  };
}

/**
 * Miniflare ends the process when SIGINT or SIGTERM comes: at once, with FFmpeg running and segments owed. Here that is
 * for the commands to do, which end it with `close`. Its listeners are told by their names: others, which it brings
 * along from libraries, count each other and must stay.
 */
function withoutSignalListeners(miniflare: Miniflare): Miniflare {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const listener of process.listeners(signal)) {
      if (listener.name === 'onSignalInt' || listener.name === 'onSignalTerm') process.off(signal, listener);
    }
  }
  return miniflare;
}

/** Where the agent reaches an embedded edge that listens on `host` and `port`. */
export const embeddedOrigin = (host: string, port: number, https: EmbeddedEdgeOptions['https']): URL =>
  new URL(`${https === undefined ? 'http' : 'https'}://${reachable(host)}:${port}`);

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '*';
const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);
/** Where this machine reaches what listens on `host`. */
const reachable = (host: string): string => (isAnyAddress(host) ? '127.0.0.1' : urlHost(host));

function whyNotReady(error: unknown, said: string, host: string, port: number): UserError {
  const message = messageOf(error);
  if (codeOf(error) === 'EADDRINUSE' || /address already in use|EADDRINUSE/i.test(message)) {
    return new UserError(
      `port ${port} is in use: choose another ("port" in the configuration, or --port), or end what uses it`,
    );
  }
  return new UserError(
    `the embedded edge does not start on ${host}:${port}: ${(said === '' ? message : said).split('\n')[0] ?? ''}`,
  );
}
