import type { EdgeContext } from './env.ts';
import { ProblemError } from './errors.ts';

/** Pages and their scripts: static assets, with the headers that keep other sites and injected scripts out. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
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

export async function page(c: EdgeContext, name: 'player' | 'wall'): Promise<Response> {
  const response = await asset(c, `/${name}.html`);
  if (name === 'player') response.headers.set('link', manifestFirst(new URL(c.req.url)));
  return response;
}

/**
 * Has the browser ask for the manifest while it loads the player. That also wakes the camera, half a second sooner. As the
 * player asks for it (address.ts), and in the mode of its XMLHttpRequest, or it would be loaded twice.
 */
function manifestFirst({ pathname, searchParams }: URL): string {
  const token = searchParams.get('token');
  const query = token === null || token === '' ? '' : `?token=${encodeURIComponent(token)}`;
  return `<${pathname}manifest.mpd${query}>; rel=preload; as=fetch; crossorigin`;
}

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
