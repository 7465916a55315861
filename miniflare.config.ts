import { fileURLToPath } from 'node:url';
import { convertV4MiniflareOptions, Log, LogLevel, type MiniflareOptions, type V4WorkerOptions } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';

/**
 * The edge on this machine: the Worker of wrangler.toml in workerd, without an account. What wrangler.toml binds is
 * bound here too, so there is one description of the edge.
 */
export interface EdgeHome {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM texts; HTTP without them. */
  readonly https: { readonly key: string; readonly cert: string } | undefined;
  /** Overrides of wrangler.toml's variables, and the secret. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Told of what goes wrong inside workerd, a line at a time. */
  readonly onError: (message: string) => void;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function miniflareOptions(home: EdgeHome): MiniflareOptions {
  const worker = unstable_getMiniflareWorkerOptions(at('wrangler.toml')).workerOptions as V4WorkerOptions;
  return convertV4MiniflareOptions({
    ...present({
      compatibilityDate: worker.compatibilityDate,
      compatibilityFlags: worker.compatibilityFlags,
      durableObjects: worker.durableObjects,
      assets: worker.assets,
    }),
    name: 'fast-ll',
    modules: true,
    // Whatever folder it is started in.
    modulesRoot: at('dist/worker'),
    scriptPath: at('dist/worker/index.js'),
    bindings: { ...worker.bindings, ...home.bindings },
    host: home.host,
    port: home.port,
    ...(home.https === undefined ? {} : { https: true, httpsKey: home.https.key, httpsCert: home.https.cert }),
    logRequests: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: ({ message }) => home.onError(message),
    handleUncaughtError: ({ message }) => home.onError(message),
  });
}

/** Without the keys that are undefined. */
function present<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
