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

export const page = (c: EdgeContext, name: 'player' | 'wall'): Promise<Response> => asset(c, `/${name}.html`);

/** A file of dist/assets, by its path there. */
export async function asset(c: EdgeContext, path: string): Promise<Response> {
  const url = new URL(path, c.req.url);
  // Escaped dots and slashes would lead elsewhere.
  if (url.pathname !== path) throw new ProblemError({ kind: 'no such page' });
  const found = await c.env.ASSETS.fetch(url, { headers: conditionsOf(c.req.raw) });
  if (found.status === 404) throw new ProblemError({ kind: 'no such page' });
  const headers = new Headers(found.headers);
  for (const [key, value] of Object.entries(SECURITY_HEADERS)) headers.set(key, value);
  // Asked for anew each time, answered with 304 while it is the same.
  headers.set('cache-control', 'no-cache');
  return new Response(found.body, { status: found.status, headers });
}

function conditionsOf(request: Request): Record<string, string> {
  const tag = request.headers.get('if-none-match');
  return tag === null ? {} : { 'if-none-match': tag };
}
