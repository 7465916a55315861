import { Hono } from 'hono';
import { cors } from 'hono/cors';
import packageJson from '../package.json' with { type: 'json' };
import { VIEWERS_HEADER, WRITER_HEADER } from '../protocol/headers.ts';
import { isStreamName, type StreamName } from '../protocol/names.ts';
import { parseMediaObject, parseStreamAddress, type MediaObject, type StreamAddress } from '../protocol/paths.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';
import { deliver } from './delivery.ts';
import type { EdgeContext, Env } from './env.ts';
import { ProblemError, toResponse, type Problem } from './errors.ts';
import { ingest, remove } from './ingest.ts';
import { isoTime } from './isotime.ts';
import { asset, page } from './pages.ts';
import { configuration, connectAgent, forceRepresentation, listStreams, showStream } from './streams.ts';

/** The whole HTTP surface. */
export const routes = new Hono<{ Bindings: Env }>();

routes.use(
  cors({
    origin: '*',
    exposeHeaders: ['Date', 'Content-Length', 'Content-Range', VIEWERS_HEADER],
    allowHeaders: ['Authorization', 'Content-Type', 'Range', WRITER_HEADER],
    allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    maxAge: 86_400,
  }),
);

routes.get('/', (c) => page(c, 'wall'));
routes.get('/assets/:name', (c) => asset(c, `/assets/${c.req.param('name')}`));
routes.get('/version', (c) => c.text(packageJson.version));
routes.get('/isotime', (c) => isoTime(c, now()));
routes.get('/api/streams', (c) => listStreams(c, now()));
routes.get('/api/streams/:stream', (c) => showStream(c, streamParam(c), now()));
routes.get('/api/streams/:stream/agent', (c) => connectAgent(c, streamParam(c), now()));
routes.get('/conf', (c) => configuration(c, now()));
routes.get('/ssss/:stream/:representation', (c) =>
  forceRepresentation(c, streamParam(c), c.req.param('representation'), now()),
);
for (const path of [
  '/',
  '/conf',
  '/ssss/:stream/:representation',
  '/assets/:name',
  '/version',
  '/isotime',
  '/api/streams',
  '/api/streams/:stream',
  '/api/streams/:stream/agent',
]) {
  routes.all(path, () => fail({ kind: 'method not allowed', allowed: ['GET', 'HEAD'] }));
}
routes.all('/api/*', () => fail({ kind: 'no such page' }));

routes.get('/:address', (c) => c.redirect(`/${address(c).stream}/${new URL(c.req.url).search}`));
routes.get('/:address/', (c) => (address(c), page(c, 'player')));
routes.get('/:address/:file', (c) => deliver(c, address(c), mediaObject(c), now()));
routes.on(['PUT', 'POST'], '/:address/:file', (c) => ingest(c, address(c), mediaObject(c), now()));
routes.delete('/:address/:file', (c) => remove(c, address(c), mediaObject(c), now()));
routes.all('/:address/:file', (c) => {
  mediaObject(c);
  return fail({ kind: 'method not allowed', allowed: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] });
});

routes.notFound(() => toResponse({ kind: 'no such page' }));
routes.onError((error) => {
  if (error instanceof ProblemError) return toResponse(error.problem);
  throw error;
});

/** The edge's only look at the clock. */
const now = (): Milliseconds => milliseconds(Date.now());

function fail(problem: Problem): never {
  throw new ProblemError(problem);
}

const address = (c: EdgeContext): StreamAddress =>
  parseStreamAddress(c.req.param('address') ?? '') ?? fail({ kind: 'no such stream' });

const mediaObject = (c: EdgeContext): MediaObject => (
  address(c),
  parseMediaObject(c.req.param('file') ?? '') ?? fail({ kind: 'no such object' })
);

function streamParam(c: EdgeContext): StreamName {
  const stream = c.req.param('stream') ?? '';
  return isStreamName(stream) ? stream : fail({ kind: 'no such stream' });
}
