import { MASK, SECRET_PARAMETER } from '../redact.ts';

/**
 * RTSP URLs as people paste them: with passwords that hold `!`, `@`, `%`, `:` or spaces, percent-encoded or not.
 */
export interface RtspUrl {
  /** As FFmpeg wants it, its credentials percent-encoded. */
  readonly href: string;
  /** For people: without credentials, and with what looks like a password in path or query masked. */
  readonly safe: string;
  /** What must appear in no output. */
  readonly secrets: readonly string[];
}

/** @returns undefined for what is no RTSP URL */
export function parseRtspUrl(text: string): RtspUrl | undefined {
  const [, scheme, authority, rest] =
    /^(rtsps?):\/\/(.*?@)?([^@/?#\s]+(?:[/?#]\S*)?)$/is.exec(splitAtLastAt(text)) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const protocol = scheme.toLowerCase();
  if (!URL.canParse(`${protocol}://${rest}`)) return undefined;
  const safe = `${protocol}://${rest.replaceAll(SECRET_PARAMETER, MASK)}`;
  const inRest = (rest.match(SECRET_PARAMETER) ?? []).flatMap((secret) => [secret, decode(secret)]);
  if (authority === undefined) return { href: `${protocol}://${rest}`, safe, secrets: inRest };
  const credentials = authority.slice(0, -1);
  const colon = credentials.indexOf(':');
  const user = decode(colon === -1 ? credentials : credentials.slice(0, colon));
  const typed = colon === -1 ? '' : credentials.slice(colon + 1);
  const password = decode(typed);
  const encoded = `${encode(user)}:${encode(password)}`;
  // The last as a camera is told it (RFC 7617).
  const told = [password, typed, encode(password), credentials, encoded, `${user}:${password}`];
  const secrets = [...told, ...inRest].filter((secret) => secret !== '');
  return { href: `${protocol}://${encoded}@${rest}`, safe, secrets };
}

/**
 * The host begins after the last `@` of the authority: an `@` in the password must not be taken for it, nor a `#`, which
 * begins nothing in RTSP.
 */
function splitAtLastAt(text: string): string {
  const start = text.indexOf('://') + 3;
  const slash = text.slice(start).search(/[/?]/);
  const authorityEnd = slash === -1 ? text.length : start + slash;
  const at = text.lastIndexOf('@', authorityEnd);
  if (at < start) return text;
  return text.slice(0, start) + text.slice(start, at).replaceAll('@', '%40') + text.slice(at);
}

/** Valid escapes are decoded, a `%` that begins none stands for itself. */
const decode = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });

/** Everything but letters and digits: FFmpeg and cameras differ on what else may stand as it is. */
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*~._-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
