import type { Miniflare } from 'miniflare';
import { milliseconds, type Seconds } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Https } from '../config/https.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { siteBindings } from './sites.ts';
import { openEdgeStorage } from './storage.ts';

/** How long workerd may take to end. */
const END = milliseconds(5000);

/** One run of workerd with the Worker in it. */
export interface Runtime {
  /** The one that it listens on. */
  readonly port: number;
  /** Ends it, and removes what it has stored. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface RuntimeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** HTTP without it. */
  readonly https: Https | undefined;
  readonly secret: string;
  readonly playback: 'open' | 'token';
  /** Sites whose pages may read what it answers; else its own, and where a token is needed any. */
  readonly origins?: readonly string[] | undefined;
  readonly timeDisplacement: Seconds;
  readonly waitForAbsentSegment: boolean;
  readonly clock: Clock;
  /** Told what goes wrong inside workerd. */
  readonly onError: (message: string) => void;
  /** Told what people should know. */
  readonly onNotice: (sentence: string) => void;
}

/** @throws UserError when the address can't be had, or there is no place for what it stores */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { host, https, clock } = options;
  let said = '';
  // Only here: it takes a second and some memory, and an agent of an edge elsewhere needs none of it.
  const [{ Miniflare: Workerd }, { addressOf, miniflareOptions }] = await Promise.all([
    import('miniflare'),
    import('../../miniflare.config.ts'),
  ]);
  const storage = await openEdgeStorage(clock, options.onNotice);
  const miniflare = withoutSignalListeners(
    new Workerd(
      miniflareOptions({
        host,
        port: options.port,
        https,
        storage: storage.folder,
        bindings: {
          FASTLL_SECRET: options.secret,
          PLAYBACK: options.playback,
          ...siteBindings(options),
          // There is no cache in front of anything.
          FAN_OUT: 'direct',
          // Nor is there anybody to say who asks.
          VIEWER_ADDRESS_HEADER: '',
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
    const patience = new AbortController();
    // Rejects when the runtime has never started.
    const ended = miniflare.dispose().catch(() => {});
    await Promise.race([ended, clock.sleep(END, patience.signal)]);
    patience.abort();
    // What can't be removed is by the next edge.
    await storage.close().catch(() => {});
  };
  try {
    const address = await addressOf(miniflare, { https });
    // A URL leaves out the port that its scheme implies.
    return { port: Number(address.port) || (https === undefined ? 80 : 443), close };
  } catch (error) {
    // Else it would keep the process from ending.
    await close();
    throw whyNotReady(error, said, host, options.port);
  }
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
