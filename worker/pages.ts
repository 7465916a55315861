import type { StreamAddress } from '../protocol/paths.ts';
import type { EdgeContext } from './env.ts';
import { ProblemError } from './errors.ts';

/** Pages and their scripts: static assets, with the headers that keep other sites and injected scripts out. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    // And the script in player.html, by its hash (CSP3, 2.3.1).
    "script-src 'self' 'sha256-L5XTJ0Xlcsv+Z2ik60PdgrzfWM8bZ3bn/8+lHGCEnDY='",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    'media-src blob:',
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  // The page's URL may hold a token.
  'referrer-policy': 'no-referrer',
};

/**
 * The same for everyone, and so without a `Link` to preload the manifest: of a page that names a token there, Cloudflare's
 * Early Hints tell the next one who asks for its path. A script in the page asks for the manifest first.
 */
export const page = (c: EdgeContext, name: 'player' | 'wall'): Promise<Response> => asset(c, `/${name}.html`);

/** Leads to the player's page. Relative: only the browser knows what the edge is below. */
export const withSlash = (c: EdgeContext, { stream, client }: StreamAddress): Response =>
  c.redirect(`${stream}${client === undefined ? '' : `-${client}`}/${new URL(c.req.url).search}`);

/** A file of dist/assets, by its path there. */
export async function asset(c: EdgeContext, path: string): Promise<Response> {
  const url = new URL(path, c.req.url);
  // Escaped dots and slashes would lead elsewhere.
  if (url.pathname !== path) throw new ProblemError({ kind: 'no such page' });
  const found = await c.env.ASSETS.fetch(url, { headers: conditionsOf(c.req.raw) });
  if (found.status === 404) throw new ProblemError({ kind: 'no such page' });
  const headers = new Headers(found.headers);
  for (const [key, value] of Object.entries(SECURITY_HEADERS)) headers.set(key, value);
  // The rest is asked for anew each time, answered with 304 while it is the same.
  headers.set('cache-control', NAMED_BY_CONTENT.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  return new Response(found.body, { status: found.status, headers });
}

/** As esbuild names chunks. */
const NAMED_BY_CONTENT = /-[0-9A-Z]{8}\.js$/;

function conditionsOf(request: Request): Record<string, string> {
  const tag = request.headers.get('if-none-match');
  return tag === null ? {} : { 'if-none-match': tag };
}
