/** One way in which a camera asks who is there: what one value of `WWW-Authenticate` holds, or a part of it (RFC 9110, 11.6.1). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest';
      readonly algorithm: Algorithm;
      /** Whether each answer is numbered (RFC 7616, 3.4); without it as in RFC 2069. */
      readonly qop: 'auth' | undefined;
      readonly realm: Parameter;
      readonly nonce: Parameter;
      readonly opaque: Parameter | undefined;
      /** As the camera named it; undefined when it did not. */
      readonly namedAlgorithm: string | undefined;
      /** Only the nonce was wrong: too old. */
      readonly stale: boolean;
    }
  /** Named for people: `Digest SHA-999`, `Negotiate`. */
  | { readonly scheme: 'unknown'; readonly name: string };

export interface Parameter {
  /** Between the quotes, as it came: to be said again as it is. */
  readonly raw: string;
  /** What it means, where quotes and backslashes are escaped. */
  readonly value: string;
}

export interface Algorithm {
  /** As OpenSSL calls it. */
  readonly hash: 'md5' | 'sha256' | 'sha512-256';
  /** Whether nonces are part of the secret (`-sess`). */
  readonly session: boolean;
}

/** The strongest first; all of them before Basic. */
const HASHES = [
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5'],
] as const;

const SCHEME = /^[\s,]*([\w-]+)(?=[\s,]|$)(?!\s*=)/;
const PARAMETER = /^[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,"]*))/;

/** @param values of `WWW-Authenticate`, each of which may hold several challenges */
export function parseChallenges(values: readonly string[]): Challenge[] {
  return values.flatMap((value) => {
    const found: Challenge[] = [];
    for (let rest = value; ;) {
      const [scheme, name] = SCHEME.exec(rest) ?? [];
      if (scheme === undefined || name === undefined) return found;
      rest = rest.slice(scheme.length);
      const parameters = new Map<string, Parameter>();
      for (;;) {
        const [whole, key, quoted, token = ''] = PARAMETER.exec(rest) ?? [];
        if (whole === undefined || key === undefined) break;
        const raw = quoted ?? token;
        parameters.set(key.toLowerCase(), { raw, value: raw.replaceAll(/\\(["\\])/g, '$1') });
        rest = rest.slice(whole.length);
      }
      found.push(challenge(name, parameters));
    }
  });
}

function challenge(name: string, parameters: ReadonlyMap<string, Parameter>): Challenge {
  switch (name.toLowerCase()) {
    case 'basic':
      return { scheme: 'basic' };
    case 'digest':
      return digestChallenge(parameters) ?? { scheme: 'unknown', name: unknownDigest(parameters) };
    default:
      return { scheme: 'unknown', name };
  }
}

/** @returns undefined for what can't be answered */
function digestChallenge(parameters: ReadonlyMap<string, Parameter>): Challenge | undefined {
  const namedAlgorithm = parameters.get('algorithm')?.value;
  const algorithm = parseAlgorithm(namedAlgorithm ?? 'MD5');
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  const qops = [
    ...(parameters
      .get('qop')
      ?.value.toLowerCase()
      .matchAll(/[\w-]+/g) ?? []),
  ].map(([name]) => name);
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  if (qops.length > 0 && !qops.includes('auth')) return undefined;
  return {
    scheme: 'digest',
    algorithm,
    qop: qops.length > 0 ? 'auth' : undefined,
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    namedAlgorithm,
    stale: parameters.get('stale')?.value.toLowerCase() === 'true',
  };
}

function unknownDigest(parameters: ReadonlyMap<string, Parameter>): string {
  const said = ['algorithm', 'qop'].flatMap((name) => parameters.get(name)?.value ?? []);
  return ['Digest', ...said].join(' ');
}

function parseAlgorithm(name: string): Algorithm | undefined {
  const [, base, session] = /^(.*?)(-sess)?$/i.exec(name.trim()) ?? [];
  const hash = HASHES.find(([known]) => known === base?.toUpperCase())?.[1];
  return hash === undefined ? undefined : { hash, session: session !== undefined };
}

/** The challenge to answer: of several the strongest. */
export function strongest(challenges: readonly Challenge[]): Exclude<Challenge, { scheme: 'unknown' }> | undefined {
  const usable = challenges.filter((one) => one.scheme !== 'unknown');
  return usable.toSorted((a, b) => strength(a) - strength(b))[0];
}

const strength = (one: Challenge): number =>
  one.scheme === 'digest' ? HASHES.findIndex(([, hash]) => hash === one.algorithm.hash) : HASHES.length;

/** As people know it: `Digest SHA-256`. */
export function nameOf(one: Challenge): string {
  switch (one.scheme) {
    case 'basic':
      return 'Basic';
    case 'digest':
      return `Digest ${one.namedAlgorithm ?? 'MD5'}`;
    case 'unknown':
      return one.name;
  }
}
