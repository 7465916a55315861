import { behindHost, unescaped, type BehindHost } from '../redact/behind-host.ts';
import { MASK } from '../redact/mask.ts';

/** What FFmpeg is to read: a URL of any kind, a file, a device, or whatever else it takes behind `-i`. */
export interface FfmpegInput {
  /** As FFmpeg gets it. */
  readonly text: string;
  /** For people: without credentials, and without what may be a secret. */
  readonly safe: string;
  /** What must appear in no output. */
  readonly secrets: readonly string[];
}

/** What was expected instead of a text; never a part of it, which may be a password. */
export interface InputProblem {
  readonly problem: string;
}

const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s]*)([^\s]*)(.*)$/is;
const AUTHORITY = /^(?:(.*)@)?(\[[0-9a-f:.%]*\]|[^:@[\]]*)(:\d{1,5})?$/is;

/** Taken apart as FFmpeg does it: what is before the first `/`, `?` or `#` is host and credentials. */
export function parseInput(text: string): FfmpegInput | InputProblem {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return { problem: 'expected no line breaks or other control characters' };
  const [, scheme, authority = '', behind = '', more = ''] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined) return text.includes('://') ? wrapped(text) : { text, safe: text, secrets: [] };
  const [, credentials = '', host, port = ''] = AUTHORITY.exec(authority) ?? [];
  // A password with one of these in it would be shown, and looked up for a host.
  if (host === undefined) {
    return {
      problem: 'expected a URL with "/", "?", "#" and "@" of user name and password written as %2F, %3F, %23, %40',
    };
  }
  const rest = restOf(scheme.toLowerCase(), behind);
  const colon = credentials.indexOf(':');
  const password = colon === -1 ? '' : credentials.slice(colon + 1);
  const words = more.trim() === '' ? [] : [more.trim(), ...more.split(/[\s=]+/).filter((word) => word.length > 7)];
  return {
    text,
    safe: `${scheme}://${host}${port}${rest.safe}${words.length === 0 ? '' : ` ${MASK}`}`,
    secrets: [credentials, password, unescaped(password), ...rest.secrets, ...words].filter((secret) => secret !== ''),
  };
}

/** From the path on. */
function restOf(scheme: string, behind: string): BehindHost {
  // What is behind the application's name lets whoever has it send; with `@` in it, it may be a password's.
  const [, app, key] = scheme.startsWith('rtmp') ? (/^(\/[^/?@]*\/)([^@]+)$/.exec(behind) ?? []) : [];
  return app !== undefined && key !== undefined ? { safe: `${app}${MASK}`, secrets: [key] } : behindHost(behind);
}

/** One within another, or several: `concat:`, `cache:`. */
function wrapped(text: string): FfmpegInput {
  const start = text.indexOf('://');
  return { text, safe: `${text.slice(0, start)}://${MASK}`, secrets: [text.slice(start + 3)] };
}
