import { header, type RtspHead } from './message.ts';

/** No camera's head comes near it. */
export const MAX_HEAD_BYTES = 16 * 1024;

const STATUS_LINE = /^(RTSP|HTTP)\/\d\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$/;
/** Longer than any method's name, and than `RTSP`, with what follows it. */
const LONGEST_WORD = 24;
const REQUEST_LINE = new RegExp(`^([A-Z_]{1,${LONGEST_WORD - 1}})[ \\t]+(\\S+)[ \\t]+RTSP/\\d\\.\\d$`);
const LF = 0x0a;
const CR = 0x0d;

/**
 * A message's head, as leniently as cameras write them: lines end in LF or CRLF, whatever white space follows a colon, a
 * line that begins with white space goes on with the one before, and one without a colon is passed over.
 *
 * @returns undefined when its first line is none of RTSP's
 */
export function parseHead(text: string): RtspHead | undefined {
  const [startLine = '', ...lines] = text.split('\n').map((line) => line.replaceAll('\r', ' ').trimEnd());
  const headers = new Map<string, string[]>();
  let values: string[] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      values.push(`${values.pop() ?? ''} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = headers.get(name) ?? [];
    values.push(line.slice(colon + 1).trim());
    headers.set(name, values);
  }
  const [, protocol, status, reason = ''] = STATUS_LINE.exec(startLine) ?? [];
  if (protocol !== undefined) {
    return { kind: 'response', protocol: protocol as 'RTSP' | 'HTTP', status: Number(status), reason, headers };
  }
  const [, method, uri] = REQUEST_LINE.exec(startLine) ?? [];
  return method === undefined || uri === undefined ? undefined : { kind: 'request', method, uri, headers };
}

/** How many bytes of body a head announces; undefined when it says nothing that is a number. */
export function contentLength(head: RtspHead): number | undefined {
  const [digits] = /^\d+/.exec(header(head, 'content-length') ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Looks for the empty line that ends a head, at each byte once. */
export class HeadEnd {
  /** Where the line begins that is under way. */
  #line = 0;
  #searched = 0;

  /**
   * @param bytes from the head's first one on; more each time
   * @returns how many are the head's, or that its first line is none of RTSP's, or that it has no end
   */
  find(bytes: Buffer): number | 'incomplete' | 'foreign' | 'endless' {
    for (;;) {
      const end = bytes.indexOf(LF, this.#searched);
      if (Math.max(end, this.#searched) > MAX_HEAD_BYTES) return 'endless';
      if (end === -1) {
        this.#searched = bytes.length;
        if (this.#line === 0 && !mayBeginLine(bytes)) return 'foreign';
        return bytes.length > MAX_HEAD_BYTES ? 'endless' : 'incomplete';
      }
      const isEmpty = end === this.#line || (end === this.#line + 1 && bytes[this.#line] === CR);
      if (this.#line === 0 && parseHead(bytes.toString('latin1', 0, end)) === undefined) return 'foreign';
      this.#searched = end + 1;
      this.#line = end + 1;
      if (isEmpty) return this.#line;
    }
  }
}

/** Whether a message may begin so: with a method or `RTSP/`. */
function mayBeginLine(bytes: Buffer): boolean {
  const word = bytes.toString('latin1', 0, LONGEST_WORD);
  return word.length < LONGEST_WORD ? /^[A-Z_]*(?:[ \t/]|$)/.test(word) : /^[A-Z_]+[ \t/]/.test(word);
}
