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
  {
    pattern: /Address already in use/i,
    failure: { kind: 'busy', message: 'another program listens at the address in "input"' },
  },
  {
    pattern: /Device or resource busy/i,
    failure: { kind: 'busy', message: 'another program uses the device in "input"' },
  },
  {
    pattern: /Protocol not found/i,
    failure: { kind: 'unusable', message: 'FFmpeg knows no such protocol: check how "input" begins' },
  },
  {
    pattern: /No such (?:file or directory|device)|Cannot open video device/i,
    failure: { kind: 'absent', message: 'there is no such file or device: check "input"' },
  },
  {
    pattern: /Permission denied/i,
    failure: { kind: 'other', message: 'Fast-ll may not open it: check who may read what "input" names' },
  },
  {
    pattern: /Server returned 4\d\d|HTTP error 4\d\d|Server returned 4XX/i,
    failure: { kind: 'absent', message: 'the server refuses: check "input", and "-headers" in "inputOptions"' },
  },
  {
    pattern: /Server returned 5XX|HTTP error 5\d\d/i,
    failure: { kind: 'busy', message: 'the server fails (HTTP 5xx): look at what it says itself' },
  },
  {
    pattern: /^(?!.*(?:decod|submitting)).*: Invalid data found when processing input/im,
    failure: {
      kind: 'unusable',
      message: 'it is nothing that FFmpeg can read: check "input", and "-f" in "inputOptions"',
    },
  },
  {
    pattern: /: Input\/output error/i,
    failure: { kind: 'unreachable', message: 'nothing can be read from it: check "input", and the network' },
  },
  {
    pattern: /: (?:Connection reset by peer|End of file)$/im,
    failure: { kind: 'unreachable', message: 'the connection was ended from the other side' },
  },
];

/** What of the options it was given it can make no sense of: their names, never their values. */
const REFUSED_OPTIONS: readonly { readonly pattern: RegExp; readonly message: (name: string) => string }[] = [
  {
    pattern: /Unrecognized option '([\w:-]{1,40})'|Option ([\w:-]{1,40}) not found/i,
    message: (name) => `FFmpeg knows no option "-${name}" for this: check "inputOptions"`,
  },
  {
    pattern: /Unknown input format: '?([\w,-]{1,40})/i,
    message: (name) => `FFmpeg knows no format "${name}": check "-f" in "inputOptions"`,
  },
  {
    pattern:
      /Error setting option ([\w:-]{1,40}) to value|for option '([\w:-]{1,40})'|Missing argument for option '([\w:-]{1,40})'/i,
    message: (name) => `FFmpeg can't use the value of "-${name}": check "inputOptions"`,
  },
];

function refusedOption(text: string): Failure | undefined {
  for (const { pattern, message } of REFUSED_OPTIONS) {
    const [, ...names] = pattern.exec(text) ?? [];
    const name = names.find((one) => one !== undefined);
    if (name !== undefined) return { kind: 'other', message: message(name) };
  }
  return undefined;
}

/**
 * Why FFmpeg ended: the one place that understands what it prints. Its wording has been the same for years, and what
 * isn't recognised is passed on as it is, but for URLs.
 * @param lines what it printed last
 * @param exit how it ended
 */
export function failureOf(lines: readonly string[], exit: string): Failure {
  if (exit === WELL) return { kind: 'ended', message: 'what it was told to read has come to its end' };
  const text = lines.join('\n');
  const known = refusedOption(text) ?? CAUSES.find(({ pattern }) => pattern.test(text))?.failure;
  if (known !== undefined) return known;
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
    .trim()
    .replace(/\.$/, '');
