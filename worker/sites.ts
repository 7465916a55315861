import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { VIEWERS_HEADER, WRITER_HEADER } from '../protocol/headers.ts';
import type { EdgeContext, Env } from './env.ts';
import { ProblemError } from './errors.ts';
import { CMCD_HEADERS } from './statistics/cmcd.ts';

/**
 * Which pages may read the edge's answers in the browsers of those who look at them. Where a token is the permission, or
 * everybody can ask by themselves, any: it gives a page nothing that it could not have. Where being near is the permission
 * (an edge on somebody's machine or network that lets everyone play) a page from anywhere would see the cameras through the
 * browser of one who is near. There only the edge's own pages may, and those of `ORIGINS`.
 *
 * The browser enforces it by the origin of the page (Fetch, 3.3: CORS). A page can make its origin the edge's own with a
 * host name that first leads to itself and then to the edge (DNS rebinding): so an edge that listens on loopback answers to
 * no name that could be somebody else's.
 */
type Middleware = MiddlewareHandler<{ Bindings: Env }>;

const OPTIONS = {
  allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
  allowHeaders: ['Authorization', 'Content-Type', 'Range', 'If-Range', 'If-None-Match', ...CMCD_HEADERS, WRITER_HEADER],
  exposeHeaders: ['Date', 'Content-Length', 'Content-Range', 'ETag', VIEWERS_HEADER],
  maxAge: 86_400,
};

const anySite: Middleware = cors({ ...OPTIONS, origin: '*' });
const namedSites: Middleware = cors({
  ...OPTIONS,
  origin: (origin, c: EdgeContext) => (originsOf(c.env).includes(origin) ? origin : null),
});

/** CORS, as `ORIGINS` says. */
export const sharing: Middleware = async (c, next) => {
  if (originsOf(c.env).includes('*')) return anySite(c, next);
  const answer = await namedSites(c, next);
  // Nor may it be put into a page as if it were a picture or a script.
  c.header('cross-origin-resource-policy', 'same-origin');
  return answer;
};

/** @throws ProblemError for a host name that may be somebody else's, where `DIRECT_PORT` says that it matters */
export const ownName: Middleware = async (c, next) => {
  const { hostname, host, port } = new URL(c.req.url);
  const { DIRECT_PORT } = c.env;
  const isDirect = DIRECT_PORT === 'any' || DIRECT_PORT === (port || '80');
  const isNamed = originsOf(c.env).some((origin) => URL.parse(origin)?.hostname === hostname);
  if (isDirect && !isNobodyElses(hostname) && !isNamed) {
    throw new ProblemError({ kind: 'not by this name', name: host });
  }
  await next();
};

/** Addresses, and names that no DNS of the world has: without a dot, or of this very machine (RFC 6761, 6.3). */
const isNobodyElses = (hostname: string): boolean => /^\[|^[\d.]+$|^[^.]+\.?$|\.localhost\.?$/.test(hostname);

const originsOf = ({ ORIGINS }: Env): string[] => ORIGINS.split(' ').filter((origin) => origin !== '');
