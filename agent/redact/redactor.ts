import { MASK } from './mask.ts';
import { maskNamedSecrets, maskParameters } from './parameters.ts';

/** As deep as a log's objects may be. */
const MAX_DEPTH = 8;

/**
 * Takes secrets out of everything that is said: those it was told of, and what looks like credentials. The time that takes
 * grows with the text's length and no faster: cameras have a say in what is logged.
 */
export class Redactor {
  /** By the text as it may be said; longest first: a secret may be part of another. */
  #known: readonly (readonly [text: string, pattern: string | RegExp])[] = [];

  add(...secrets: readonly (string | undefined)[]): void {
    const known = new Map(this.#known);
    for (const form of secrets.flatMap((secret) => (secret === undefined ? [] : formsOf(secret)))) {
      const pattern = patternOf(form);
      if (pattern !== undefined) known.set(form, pattern);
    }
    this.#known = [...known].toSorted(([a], [b]) => b.length - a.length);
  }

  redact(text: string): string {
    return this.#known
      .reduce((masked, [, pattern]) => masked.replaceAll(pattern, MASK), text)
      .replaceAll(/\S+/g, maskWord)
      .replaceAll(BEARER, `$1${MASK}`)
      .replaceAll(AUTHORIZATION, `$1${MASK}`);
  }

  /** Texts in whatever is logged, before it is serialised: a figure stays one, whatever the secrets are. */
  clean(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return MASK;
    if (value instanceof Error) {
      const { name, message, stack } = value;
      return this.clean({ type: name, message, stack }, depth);
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.clean(value.toJSON(), depth + 1);
    if (Array.isArray(value)) return value.map((item) => this.clean(item, depth + 1));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.clean(item, depth + 1)]));
  }
}

/** As it is, as it stands in a line of JSON, in a URL, and in an `Authorization` header. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    // What is shorter says nothing.
    ...(secret.length >= 4 ? [base64] : []),
  ];
}

/**
 * A short one, and a number, is masked only where it stands by itself: a mask within something else would tell it. So
 * would one in the place of figures of up to three digits.
 */
function patternOf(secret: string): string | RegExp | undefined {
  const isNumber = /^\d+$/.test(secret);
  if (secret.length < (isNumber ? 4 : 2)) return undefined;
  if (isNumber) return new RegExp(`(?<![\\p{L}\\p{N}]|\\d[.:,])${secret}(?![\\p{L}\\p{N}]|[.:,]\\d)`, 'gu');
  if (secret.length >= 8 || !/^[\p{L}\p{N}]*$/u.test(secret)) return secret;
  return new RegExp(`(?<![\\p{L}\\p{N}])${secret}(?![\\p{L}\\p{N}])`, 'gu');
}

/** What an edge or a camera is told (RFC 9110, 11.6.2): a token, or a list of parameters up to the line's end. */
const BEARER = /(\bBearer +)[^\s"\\]+/g;
const AUTHORIZATION = /(\bauthorization: *\w+ +)\S.*/gi;

/** A text without white space. */
function maskWord(word: string): string {
  return maskTokens(word.replaceAll(/[^"\\]+/g, maskAddress));
}

/** A URL, or the end of one. Credentials may hold anything but what ends the text. */
function maskAddress(text: string): string {
  const authority = text.indexOf('://') + 3;
  if (authority < 3) return text.includes('?') ? maskParameters(text) : maskNamedSecrets(text);
  const at = text.lastIndexOf('@');
  const isTold = at >= authority;
  return `${text.slice(0, authority)}${isTold ? `${MASK}@` : ''}${maskParameters(text.slice(isTold ? at + 1 : authority))}`;
}

/** JWTs begin with `{"` in base64. */
const maskTokens = (text: string): string =>
  text.replaceAll(/[\w.-]+/g, (run) => {
    const start = run.search(/\beyJ/);
    return start !== -1 && run.slice(start).split('.').length > 2 ? `${run.slice(0, start)}${MASK}` : run;
  });
