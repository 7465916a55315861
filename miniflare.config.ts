import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  type Miniflare,
  type Request,
  Response,
  type MiniflareOptions,
  type V4WorkerOptions,
} from 'miniflare';

/**
 * The edge on this machine: the Worker of wrangler.toml in workerd, without an account. What wrangler.toml binds is
 * bound here too, so there is one description of the edge. The build reads it (dist/worker/options.json): with wrangler
 * the agent would take two seconds longer to start, and 100 MB more.
 */
export interface EdgeHome {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM texts; HTTP without them. */
  readonly https: { readonly key: string; readonly cert: string } | undefined;
  /** Folder for what objects store. */
  readonly storage: string;
  /** Overrides of wrangler.toml's variables, and the secret. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Told of what goes wrong inside workerd, a line at a time. */
  readonly onError: (message: string) => void;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function miniflareOptions(home: EdgeHome): MiniflareOptions {
  const worker = JSON.parse(readFileSync(at('dist/worker/options.json'), 'utf8')) as V4WorkerOptions;
  return convertV4MiniflareOptions({
    ...worker,
    name: 'fast-ll',
    // Not as `assets`: Miniflare would put its asset router before the Worker, and every byte of every segment would
    // pass through it. It cost a third of the edge's processor time.
    serviceBindings: { ASSETS: staticFiles(at('dist/assets')) },
    modules: true,
    // Whatever folder it is started in.
    modulesRoot: at('dist/worker'),
    scriptPath: at('dist/worker/index.js'),
    bindings: { ...worker.bindings, ...home.bindings },
    // Over HTTP straight to the Worker: Miniflare's own entry before it, which development needs, costs for a GET about
    // as much as the Worker and its object. Only that entry speaks HTTPS.
    ...(home.https === undefined
      ? { unsafeDirectSockets: [{ host: home.host, port: home.port }] }
      : { host: home.host, port: home.port, https: true, httpsKey: home.https.key, httpsCert: home.https.cert }),
    resourcePersistencePath: home.storage,
    logRequests: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: ({ message }) => home.onError(message),
    handleUncaughtError: ({ message }) => home.onError(message),
  });
}

/** The address that the edge listens on. @throws when the runtime does not start */
export const addressOf = (miniflare: Miniflare, { https }: Pick<EdgeHome, 'https'>): Promise<URL> =>
  https === undefined ? miniflare.unsafeGetDirectURL() : miniflare.ready;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Answers as the platform's static assets do: the files of a folder, each with its type and an entity tag. */
function staticFiles(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    // A URL's path has no dot segments: it can't lead out of the folder.
    const path = new URL(request.url).pathname;
    const file = await readFile(join(folder, path)).catch(() => undefined);
    if (file === undefined) return new Response(null, { status: 404 });
    const tag = `"${createHash('sha256').update(file).digest('base64url')}"`;
    const headers = { etag: tag, 'content-type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream' };
    if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers });
    return new Response(file, { headers });
  };
}
