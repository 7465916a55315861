/** A manifest made by somebody else's encoder: served as it came, but for the token in its segments' URLs. */
const URL_ATTRIBUTES = /\b(initialization|media|sourceURL)=(["'])(.+?)\2/g;

/** Adds `token` to the URLs in a manifest, so that players carry it along. */
export function withToken(manifest: string, token: string | undefined): string {
  if (token === undefined) return manifest;
  const parameter = `token=${encodeURIComponent(token).replaceAll("'", '%27')}`;
  return manifest.replace(
    URL_ATTRIBUTES,
    (_, attribute: string, quote: string, url: string) =>
      `${attribute}=${quote}${url}${url.includes('?') ? '&amp;' : '?'}${parameter}${quote}`,
  );
}

/**
 * Takes tokens out of the URLs in a manifest. An encoder that can send no header has its publish token in the names of its
 * segments, and writes them into the manifest: for everyone who plays it to see.
 */
export const withoutToken = (manifest: string): string =>
  manifest.replace(URL_ATTRIBUTES, (_, attribute: string, quote: string, url: string) => {
    const [path, query] = url.split('?', 2);
    const kept = (query ?? '').split(/&(?:amp;)?/).filter((parameter) => !/^(token=|$)/.test(parameter));
    return `${attribute}=${quote}${path}${kept.length === 0 ? '' : `?${kept.join('&amp;')}`}${quote}`;
  });
