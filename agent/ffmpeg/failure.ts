import type { Failure } from '../media/failure.ts';

const CAUSES: readonly { readonly pattern: RegExp; readonly failure: Failure }[] = [
  {
    pattern: /401 Unauthorized|authorization failed/i,
    failure: { kind: 'credentials', message: 'the camera refuses the user name or password: check "input"' },
  },
  {
    pattern: /403 Forbidden/i,
    failure: { kind: 'credentials', message: 'the camera forbids this stream to this user: check "input"' },
  },
  {
    pattern: /Connection refused/i,
    failure: {
      kind: 'unreachable',
      message: 'the camera refuses the connection: check the address and port in "input"',
    },
  },
  {
    pattern: /No route to host|Network is unreachable|Connection timed out|Host is down/i,
    failure: { kind: 'unreachable', message: 'the camera can not be reached: check its address and the network' },
  },
  {
    pattern: /Failed to resolve hostname|Name or service not known|Temporary failure in name resolution/i,
    failure: { kind: 'unreachable', message: 'the camera\'s host name is not known: check "input"' },
  },
  {
    pattern: /404 (?:Not Found|Stream Not Found)/i,
    failure: { kind: 'absent', message: 'the camera has no stream at this path: check "input"' },
  },
  {
    pattern: /453 Not Enough Bandwidth|503 Service Unavailable/i,
    failure: {
      kind: 'busy',
      message: 'the camera serves as many as it can: end another connection to it, or raise its limit',
    },
  },
  {
    pattern: /461 |Unsupported transport|Nonmatching transport/i,
    failure: { kind: 'unusable', message: 'the camera does not offer this transport: try "transport": "tcp" or "udp"' },
  },
  {
    pattern: /matches no streams|does not contain any stream/i,
    failure: { kind: 'unusable', message: 'the camera sends no video' },
  },
];

/**
 * Why FFmpeg ended: the one place that understands what it prints. Its wording has been the same for years, and what
 * isn't recognised is passed on as it is, but for URLs.
 * @param lines what it printed last
 * @param exit how it ended
 */
export function failureOf(lines: readonly string[], exit: string): Failure {
  if (exit === WELL) return { kind: 'ended', message: 'what it was told to read has come to its end' };
  const text = lines.join('\n');
  const known = CAUSES.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return known.failure;
  const last = lines.findLast(isError) ?? lines.at(-1);
  const said = last === undefined ? '' : wordsOf(last);
  return { kind: 'encoder', message: said === '' ? `FFmpeg ended (${exit})` : `FFmpeg ended (${exit}): ${said}` };
}

/** How it ends when there is nothing more to read. */
const WELL = 'exit code 0';

export const isError = (line: string): boolean => /\[(?:error|fatal)\]/.test(line);

/** A line as it may go to the edge and from there to whoever may watch. */
export const wordsOf = (line: string): string =>
  line
    .replace(/\[[^\]]*\] ?/g, '')
    .replaceAll(/\b[a-z][a-z0-9+.-]{0,20}:\/\/\S*[^\s:]/gi, 'its URL')
    .trim();
