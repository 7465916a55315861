import type { Seconds } from '../../protocol/units.ts';

/**
 * An answer is two answers: what the cache between the entrypoints may do with it, and what the viewer is told. While it
 * is on its way to the cache its `Cache-Control` is the cache's, and the viewer's travels beside it. The body is passed
 * on as it is.
 */
const VIEWERS_CACHE_CONTROL = 'x-shield-cache-control';

/**
 * Lets the cache give this answer to all who ask the same, from its first byte on, for `keep`. Whatever is not there is
 * shared with nobody: its `no-store` stays, without which a 404 would be kept for minutes.
 */
export function shared(answer: Response, keep: Seconds): Response {
  if (answer.status !== 200) return answer;
  const headers = new Headers(answer.headers);
  headers.set(VIEWERS_CACHE_CONTROL, headers.get('cache-control') ?? 'no-store');
  // `s-maxage` rather than `max-age`: with it the platform serves nothing stale, not even when the Worker fails.
  headers.set('cache-control', `public, s-maxage=${Math.max(1, Math.ceil(keep))}, no-transform`);
  return new Response(answer.body, { status: answer.status, headers });
}

/** The answer as the viewer is to get it: as if nothing had been between. */
export function unshared(answer: Response): Response {
  const headers = new Headers(answer.headers);
  const viewers = headers.get(VIEWERS_CACHE_CONTROL);
  if (viewers === null) return answer;
  headers.delete(VIEWERS_CACHE_CONTROL);
  headers.set('cache-control', viewers);
  return new Response(answer.body, { status: answer.status, headers });
}
