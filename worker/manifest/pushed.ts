/** A manifest made by somebody else's encoder: served as it came, but for the token in its segments' URLs. */
const URL_ATTRIBUTES = /\b(initialization|media|sourceURL)="([^"]+)"/g;

/** Adds `token` to the URLs in a manifest, so that players carry it along. */
export function withToken(manifest: string, token: string | undefined): string {
  if (token === undefined) return manifest;
  const parameter = `token=${encodeURIComponent(token)}`;
  return manifest.replace(
    URL_ATTRIBUTES,
    (_, attribute: string, url: string) => `${attribute}="${url}${url.includes('?') ? '&amp;' : '?'}${parameter}"`,
  );
}
