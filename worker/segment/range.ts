import { toResponse } from '../errors.ts';

/**
 * A complete segment or part of it (RFC 9110, 14: one byte range; several, or one that isn't understood, get the whole).
 */
export type ByteRange = { readonly first: number; readonly last: number };

/** @returns the range, `'unsatisfiable'`, or undefined for «the whole» */
export function parseRange(header: string | null, length: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  return first >= length || last < first ? 'unsatisfiable' : { first, last };
}

/** What is complete and won't be replaced may be kept by whoever may see it. */
const KEPT = 'private, max-age=60, immutable, no-transform';
const NOT_KEPT = 'no-store, no-transform';

/**
 * @param tag entity tag of the whole
 * @param final whether no other bytes can take its place
 * @param open makes a body of the bytes that are asked for
 */
export function serveWhole(
  bytes: Uint8Array<ArrayBuffer>,
  tag: string,
  final: boolean,
  request: Request,
  open: (part: Uint8Array<ArrayBuffer>) => BodyInit = (part) => part,
): Response {
  const headers = new Headers({
    'content-type': 'video/mp4',
    'cache-control': final ? KEPT : NOT_KEPT,
    'accept-ranges': 'bytes',
    etag: tag,
  });
  if (hasAlready(request.headers.get('if-none-match'), tag)) return new Response(null, { status: 304, headers });
  const range = wantsPart(request, tag) ? parseRange(request.headers.get('range'), bytes.byteLength) : undefined;
  if (range === 'unsatisfiable') return toResponse({ kind: 'range outside', bytes: bytes.byteLength });
  const part = range === undefined ? bytes : bytes.subarray(range.first, range.last + 1);
  headers.set('content-length', String(part.byteLength));
  if (range !== undefined) headers.set('content-range', `bytes ${range.first}-${range.last}/${bytes.byteLength}`);
  const body = request.method === 'HEAD' ? null : open(part);
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

/** RFC 9110, 13.1.2 */
const hasAlready = (ifNoneMatch: string | null, tag: string): boolean =>
  ifNoneMatch?.trim() === '*' ||
  (ifNoneMatch?.split(',').some((one) => one.trim().replace(/^W\//, '') === tag) ?? false);

/** Who has the beginning of other bytes needs the whole (RFC 9110, 13.1.5). */
const wantsPart = ({ method, headers }: Request, tag: string): boolean =>
  method === 'GET' && (headers.get('if-range') ?? tag) === tag;
