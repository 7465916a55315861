import { manifestUrl, type PageAddress } from './address.ts';

/** What asking for the manifest of a stream shows. It also tells the edge that somebody wants to watch. */
export type Knock =
  | { readonly kind: 'open' }
  /** Its encoder has said that it is over: the manifest is static. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'not ready' }
  | { readonly kind: 'unreachable' };

/** The edge holds a manifest for up to 10 s while a camera starts. */
const TIMEOUT_MS = 15_000;

export async function knock(address: PageAddress): Promise<Knock> {
  try {
    const response = await fetch(manifestUrl(address), {
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) return { kind: 'denied' };
    if (response.status === 404) return { kind: 'missing' };
    if (!response.ok) return { kind: 'not ready' };
    return /<MPD\b[^>]*\btype="dynamic"/.test(await response.text()) ? { kind: 'open' } : { kind: 'ended' };
  } catch {
    return { kind: 'unreachable' };
  }
}
