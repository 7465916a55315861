/**
 * RTSP 1.0 messages (RFC 2326, 4). Text is held as Latin-1, a character a byte, so that whatever a camera says can be said
 * back to it as it came: realms and paths in GB 2312, for one.
 */

/** Names in lower case; each of a name's values in the order they came. */
export type Headers = ReadonlyMap<string, readonly string[]>;

export interface RtspResponse {
  readonly kind: 'response';
  /** A web server answers as one. */
  readonly protocol: 'RTSP' | 'HTTP';
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Cameras may ask something too (RFC 2326, 10). */
export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: string;
}

export type RtspMessage = RtspResponse | RtspRequest;
/** All but the body. */
export type RtspHead = Omit<RtspResponse, 'body'> | Omit<RtspRequest, 'body'>;

/** The first of a header's values; undefined without any. */
export const header = ({ headers }: { readonly headers: Headers }, name: string): string | undefined =>
  headers.get(name)?.[0];

/** Text of ours, such as a user name or a path, byte by byte as UTF-8. */
export const onTheWire = (text: string): string => Buffer.from(text).toString('latin1');

export function formatRequest(
  method: string,
  uri: string,
  headers: Readonly<Record<string, string | undefined>>,
): Uint8Array {
  return format(`${method} ${uri} RTSP/1.0`, headers);
}

/** The answer to a request of the camera's. */
export function formatResponse({ headers }: RtspRequest, status: 200 | 501): Uint8Array {
  const reason = status === 200 ? 'OK' : 'Not Implemented';
  const one = (name: string): string | undefined => headers.get(name)?.[0];
  return format(`RTSP/1.0 ${status} ${reason}`, { CSeq: one('cseq'), Session: one('session') });
}

function format(startLine: string, headers: Readonly<Record<string, string | undefined>>): Uint8Array {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return Buffer.from([startLine, ...lines, '', ''].join('\r\n'), 'latin1');
}
