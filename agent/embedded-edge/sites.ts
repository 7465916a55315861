/** Whose pages may read what the embedded edge answers, in the Worker's words (`worker/sites.ts` has the reasons). */
export interface SiteOptions {
  readonly host: string;
  readonly port: number;
  readonly https: object | undefined;
  readonly playback: 'open' | 'token';
  /** `"origins"` of the configuration. */
  readonly origins?: readonly string[] | undefined;
}

export function siteBindings({ host, port, https, playback, origins }: SiteOptions): Record<string, string> {
  const named = origins ?? (playback === 'open' ? [] : ['*']);
  // Over TLS nobody takes part under a name for which the edge has no certificate.
  const namesMatter = playback === 'open' && !named.includes('*') && isLoopback(host) && https === undefined;
  // What came to another port came through a proxy, whose affair names are.
  const directPort = port === 0 ? 'any' : String(port);
  return { ORIGINS: named.join(' '), ...(namesMatter ? { DIRECT_PORT: directPort } : {}) };
}

/** Whether what listens on `host` can be reached from this machine only. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);
