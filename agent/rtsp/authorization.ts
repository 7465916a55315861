import { createHash, randomBytes } from 'node:crypto';
import type { Credentials } from './camera-url.ts';
import { nameOf, parseChallenges, strongest, type Challenge } from './challenge.ts';
import { onTheWire } from './message.ts';

type Digest = Extract<Challenge, { scheme: 'digest' }>;

/** What a 401 means for who asked. */
export type Verdict =
  /** Ask again: there is an answer to it now. */
  | { readonly kind: 'again' }
  /** It was answered as it wanted, and is asked once more: user name or password are wrong. */
  | { readonly kind: 'refused' }
  /** It wants to know who asks, and nobody said. */
  | { readonly kind: 'anonymous' }
  /** It offers nothing that can be answered. */
  | { readonly kind: 'unusable'; readonly offered: readonly string[] };

/** How often one request is asked again because the nonce was too old: a peer may say so for ever. */
const MAX_STALE = 3;

/**
 * Says who is there, by Basic (RFC 7617) or Digest (RFC 7616; without `qop` as in RFC 2069), as the camera wants it: of
 * several challenges it takes the strongest. One for all of a camera's connections: what the last challenge was is known.
 */
export class Authorization {
  readonly #credentials: Credentials | undefined;
  readonly #makeCnonce: () => string;
  #challenge: ReturnType<typeof strongest>;
  /** The same for all answers to a challenge, as `-sess` wants it (RFC 7616, 3.4.2). */
  #cnonce = '';
  /** All that was offered with the last challenge, by name. */
  offered: readonly string[] = [];
  /** How often the nonce was used (RFC 7616, 3.4). */
  #count = 0;

  /** @param makeCnonce a number that was never used */
  constructor(credentials: Credentials | undefined, makeCnonce = (): string => randomBytes(16).toString('hex')) {
    this.#credentials = credentials;
    this.#makeCnonce = makeCnonce;
  }

  /** What is answered to; undefined while nobody asked. */
  get scheme(): string | undefined {
    return this.#challenge === undefined ? undefined : nameOf(this.#challenge);
  }

  /** The value of `Authorization` for a request; undefined while the camera wants none. */
  header(method: string, uri: string): string | undefined {
    const credentials = this.#credentials;
    if (credentials === undefined || this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') {
      return `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
    }
    this.#count += 1;
    return digest({ credentials, challenge: this.#challenge, method, uri, count: this.#count, cnonce: this.#cnonce });
  }

  /**
   * A 401 has come.
   * @param challenges values of `WWW-Authenticate`
   * @param before how many have come to the same request already: each was answered
   */
  rejected(challenges: readonly string[], before: number): Verdict {
    const found = parseChallenges(challenges);
    this.offered = found.map(nameOf);
    const next = strongest(found);
    if (next === undefined) return { kind: 'unusable', offered: this.offered };
    if (this.#credentials === undefined) return { kind: 'anonymous' };
    const isStale = next.scheme === 'digest' && next.stale;
    if (before > (isStale ? MAX_STALE : 0)) return { kind: 'refused' };
    if (nonceOf(next) !== nonceOf(this.#challenge)) this.#count = 0;
    this.#challenge = next;
    this.#cnonce = this.#makeCnonce();
    return { kind: 'again' };
  }
}

const nonceOf = (challenge: Challenge | undefined): string | undefined =>
  challenge?.scheme === 'digest' ? challenge.nonce.value : undefined;

function digest(of: {
  readonly credentials: Credentials;
  readonly challenge: Digest;
  readonly method: string;
  /** As it stands in the request: never with credentials. */
  readonly uri: string;
  readonly count: number;
  readonly cnonce: string;
}): string {
  const { challenge, method, uri, cnonce } = of;
  const { algorithm, realm, nonce, opaque, qop, namedAlgorithm } = challenge;
  const user = onTheWire(of.credentials.user);
  const hash = (...parts: readonly string[]): string =>
    createHash(algorithm.hash).update(parts.join(':'), 'latin1').digest('hex');
  const nc = of.count.toString(16).padStart(8, '0');
  // RFC 7616, 3.4.1 to 3.4.3.
  const who = hash(user, realm.value, onTheWire(of.credentials.password));
  const secret = algorithm.session ? hash(who, nonce.value, cnonce) : who;
  const numbered = qop === undefined ? [] : [nc, cnonce, qop];
  const response = hash(secret, nonce.value, ...numbered, hash(method, uri));
  const parameters = [
    `username="${user.replaceAll(/["\\]/g, String.raw`\$&`)}"`,
    `realm="${realm.raw}"`,
    `nonce="${nonce.raw}"`,
    `uri="${uri}"`,
    ...(namedAlgorithm === undefined ? [] : [`algorithm=${namedAlgorithm}`]),
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque="${opaque.raw}"`]),
    // Quoted it is refused by some (RFC 7616, 3.4: no quotes).
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${nc}`]),
    ...(qop === undefined && !algorithm.session ? [] : [`cnonce="${cnonce}"`]),
  ];
  return `Digest ${parameters.join(', ')}`;
}
