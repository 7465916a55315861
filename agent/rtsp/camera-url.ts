import { behindHost, unescaped } from '../redact/behind-host.ts';

/** A camera's URL as people paste it: with passwords that hold `!`, `@`, `%`, `:`, `/` or spaces, percent-encoded or not. */
export interface CameraUrl {
  readonly scheme: 'rtsp' | 'rtsps';
  /** To connect to: a name or an address, without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Decoded. */
  readonly credentials: Credentials | undefined;
  /** What the camera is asked for: as it was typed, without credentials. Cameras compare it letter by letter. */
  readonly request: string;
  /** As FFmpeg wants it, its credentials percent-encoded. */
  readonly href: string;
  /** For people: without credentials, and without what may be a secret in path or query. */
  readonly safe: string;
  /** What must appear in no output. */
  readonly secrets: readonly string[];
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What was expected instead of a text; never a part of it, which may be a password. */
export interface UrlProblem {
  readonly problem: string;
}

/** RFC 2326, 3.2; RFC 7826, 4.2. */
const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;

const NO_URL: UrlProblem = {
  problem:
    'expected a URL that begins with rtsp:// or rtsps://, with user:password@ before the host if the camera wants them',
};
const AMBIGUOUS: UrlProblem = {
  problem:
    'expected a URL that can be read in one way: write "/" in the user name or password as %2F and "@" as %40, or an "@" behind the host as %40',
};

export function parseCameraUrl(text: string): CameraUrl | UrlProblem {
  const [, scheme, rest = ''] = /^(rtsps?):\/\/(.+)$/is.exec(text) ?? [];
  if (scheme === undefined) return NO_URL;
  const reading = chosen(readings(rest), rest);
  if ('problem' in reading) return reading;
  return cameraUrl(scheme.toLowerCase() as CameraUrl['scheme'], reading);
}

/** One way to take a text apart. */
interface Reading {
  /** Where the host begins. */
  readonly start: number;
  /** In front of the host, without the `@`. */
  readonly credentials: string;
  readonly host: string;
  readonly port: number | undefined;
  /** Host and port as they were typed. */
  readonly authority: string;
  /** From the path on. */
  readonly behind: string;
}

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}.])?)(?::(\d{1,5}))?(?=[/?]|$)/iu;
const ADDRESS = /^(?:\[.+\]|\d{1,3}(?:\.\d{1,3}){3})$/;
/** The value of a parameter in path or query. */
const PARAMETER = /(?<=[/?&;,]\w+=)[^/?&;,]*/g;

/** Every way in which a text can be read: a host begins it, or stands behind an `@`, and a path or nothing follows. */
function readings(text: string): Reading[] {
  const starts = [0, ...Array.from(text.matchAll(/@/g), ({ index }) => index + 1)];
  return starts.flatMap((start) => {
    const [authority, host = '', digits] = AUTHORITY.exec(text.slice(start)) ?? [];
    const port = digits === undefined ? undefined : Number(digits);
    if (authority === undefined || port === 0 || (port ?? 0) > 65_535) return [];
    const behind = text.slice(start + authority.length);
    // eslint-disable-next-line no-control-regex
    if (/[\s\u0000-\u001f\u007f]/.test(behind)) return [];
    return [{ start, credentials: text.slice(0, Math.max(0, start - 1)), host, port, authority, behind }];
  });
}

/**
 * Which reading is meant where there are several, because of an `@` behind a `/` or `?`: in a password, or in a path?
 *
 * 1. An IP address is the host, where just one of them is one.
 * 2. A name in front, without a port, is the host: nobody's user name has a `/` in it.
 * 3. One in front with a port is the host where each `@` is in a parameter's value (`host:554/user=a&password=p@ss`).
 * 4. Anything else is refused: a part of a password would be printed and looked up for a host.
 */
function chosen(ways: readonly Reading[], text: string): Reading | UrlProblem {
  const [first, ...others] = ways;
  if (first === undefined) return NO_URL;
  if (others.length === 0) return first;
  const addresses = ways.filter(({ host }) => ADDRESS.test(host));
  if (addresses.length === 1) return addresses[0]!;
  if (first.start > 0) return AMBIGUOUS;
  if (first.port === undefined) return first;
  const values = Array.from(text.matchAll(PARAMETER), ({ 0: value, index }) => [index, index + value.length] as const);
  return others.every(({ start }) => values.some(([from, to]) => start > from && start <= to)) ? first : AMBIGUOUS;
}

function cameraUrl(
  scheme: CameraUrl['scheme'],
  { credentials: typed, host, port, authority, behind }: Reading,
): CameraUrl {
  const request = `${scheme}://${authority}${behind}`;
  const rest = behindHost(behind);
  const safe = `${scheme}://${authority}${rest.safe}`;
  const place = { scheme, host: host.replace(/^\[(.*)\]$/, '$1'), port: port ?? DEFAULT_PORT[scheme], request, safe };
  if (typed === '') return { ...place, credentials: undefined, href: request, secrets: rest.secrets };
  const colon = typed.indexOf(':');
  const user = unescaped(colon === -1 ? typed : typed.slice(0, colon));
  const typedPassword = colon === -1 ? '' : typed.slice(colon + 1);
  const password = unescaped(typedPassword);
  const encoded = `${encode(user)}:${encode(password)}`;
  // The last as a camera is told it (RFC 7617).
  const told = [password, typedPassword, encode(password), typed, encoded, `${user}:${password}`];
  return {
    ...place,
    credentials: { user, password },
    href: `${scheme}://${encoded}@${authority}${behind}`,
    secrets: [...told, ...rest.secrets].filter((secret) => secret !== ''),
  };
}

/** Everything but letters and digits: FFmpeg and cameras differ on what else may stand as it is. */
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*~._-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
