import { Hono } from 'hono';
import packageJson from '../package.json' with { type: 'json' };
import { isStreamName, type StreamName } from '../protocol/names.ts';
import { parseMediaObject, parseStreamAddress, type MediaObject, type StreamAddress } from '../protocol/paths.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';
import { deliver } from './delivery.ts';
import type { EdgeContext, Env } from './env.ts';
import { ProblemError, toResponse, type Problem } from './errors.ts';
import { ingest, remove } from './ingest.ts';
import { isoTime } from './isotime.ts';
import { problemOf } from './object-errors.ts';
import { asset, page, withSlash } from './pages.ts';
import { ownName, sharing } from './sites.ts';
import { clearStatistics, showStatistics } from './statistics/routes.ts';
import { configuration, connectAgent, forceRepresentation, listStreams, showStream } from './streams.ts';

/** Room for the longest names, a token, and what a player says of itself (CMCD). */
const MAX_URL_LENGTH = 8192;

type Handler = (c: EdgeContext) => Response | Promise<Response>;
type Methods = Partial<Record<'GET' | 'PUT' | 'POST' | 'DELETE', Handler>>;

/** The whole HTTP surface; GET answers HEAD too. */
const SURFACE: Readonly<Record<string, Methods>> = {
  '/': { GET: (c) => page(c, 'wall') },
  '/assets/:name': { GET: (c) => asset(c, `/assets/${c.req.param('name')}`) },
  '/version': { GET: (c) => c.text(packageJson.version) },
  '/isotime': { GET: (c) => isoTime(c, now()) },
  '/conf': { GET: (c) => configuration(c, now()) },
  '/ssss/:stream/:representation': { GET: (c) => forceRepresentation(c, stream(c), param(c, 'representation'), now()) },
  '/api/streams': { GET: (c) => listStreams(c, now()) },
  '/api/streams/:stream': { GET: (c) => showStream(c, stream(c), now()) },
  '/api/streams/:stream/agent': { GET: (c) => connectAgent(c, stream(c), now()) },
  '/api/streams/:stream/stats': {
    GET: (c) => showStatistics(c, stream(c), now()),
    DELETE: (c) => clearStatistics(c, stream(c), now()),
  },
  '/api/*': { GET: () => fail({ kind: 'no such page' }) },
  '/:address': { GET: (c) => withSlash(c, address(c)) },
  '/:address/': { GET: (c) => (address(c), page(c, 'player')) },
  '/:address/:file': {
    GET: (c) => deliver(c, address(c), object(c), now()),
    PUT: (c) => ingest(c, address(c), object(c), now()),
    POST: (c) => ingest(c, address(c), object(c), now()),
    DELETE: (c) => remove(c, address(c), object(c), now()),
  },
};

export const routes = new Hono<{ Bindings: Env }>();

routes.use(async (c, next) => {
  await next();
  // workerd by itself doesn't (RFC 9110, 6.6.1); behind it there may be answers that were made for somebody else.
  c.res.headers.set('date', new Date(now()).toUTCString());
  // nginx, and what took it from there, then pass on what comes as it comes.
  c.res.headers.set('x-accel-buffering', 'no');
});
routes.use(sharing);
routes.use(async ({ req }, next) => {
  // It has the host as the request says it, which may be anything.
  if (!URL.canParse(req.url)) fail({ kind: 'bad body', detail: 'expected a host name in the header Host' });
  const { length } = req.url;
  if (length > MAX_URL_LENGTH) {
    const expected = `a URL of at most ${MAX_URL_LENGTH} characters`;
    fail({ kind: 'out of bounds', status: 414, expected, got: String(length) });
  }
  await next();
});
routes.use(ownName);
for (const [path, methods] of Object.entries(SURFACE)) {
  for (const [method, handler] of Object.entries(methods)) routes.on(method, path, handler);
  const allowed = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  routes.all(path, () => fail({ kind: 'method not allowed', allowed }));
}
routes.notFound(() => toResponse({ kind: 'no such page' }));
routes.onError((error) => toResponse(problemOf(error)));

/** The edge's only look at the clock. */
const now = (): Milliseconds => milliseconds(Date.now());

function fail(problem: Problem): never {
  throw new ProblemError(problem);
}

const param = (c: EdgeContext, name: string): string => c.req.param(name) ?? '';

const address = (c: EdgeContext): StreamAddress =>
  parseStreamAddress(param(c, 'address')) ?? fail({ kind: 'no such stream' });

const object = (c: EdgeContext): MediaObject => parseMediaObject(param(c, 'file')) ?? fail({ kind: 'no such object' });

function stream(c: EdgeContext): StreamName {
  const name = param(c, 'stream');
  return isStreamName(name) ? name : fail({ kind: 'no such stream' });
}
