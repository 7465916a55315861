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

/** What is complete never changes, so it may be kept by whoever may see it. */
const COMPLETE_HEADERS = {
  'content-type': 'video/mp4',
  'cache-control': 'private, max-age=60, immutable, no-transform',
  'accept-ranges': 'bytes',
};

export function serveWhole(bytes: Uint8Array<ArrayBuffer>, request: Request): Response {
  const range = request.method === 'GET' ? parseRange(request.headers.get('range'), bytes.byteLength) : undefined;
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${bytes.byteLength}` } });
  }
  const part = range === undefined ? bytes : bytes.subarray(range.first, range.last + 1);
  const headers = new Headers(COMPLETE_HEADERS);
  headers.set('content-length', String(part.byteLength));
  if (range !== undefined) headers.set('content-range', `bytes ${range.first}-${range.last}/${bytes.byteLength}`);
  const body = request.method === 'HEAD' ? null : part;
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}
