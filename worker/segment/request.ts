import type { Milliseconds } from '../../protocol/units.ts';
import type { Precedence } from './state.ts';

/**
 * What the Worker tells a Segment object along with a request, as headers of the inner request: they never come from
 * outside, because the Worker sets them all.
 */
const HOLD_HEADER = 'x-segment-hold-ms';
const PRECEDENCE_HEADER = 'x-segment-precedence';
const WRITER_HEADER = 'x-segment-writer';

export interface PutTerms {
  readonly writer: string;
  readonly precedence: Precedence;
}

/** A GET or HEAD for the object. @param hold how long it may wait for the PUT; 0 is not at all */
export function getRequest(request: Request, hold: Milliseconds): Request {
  const headers = new Headers({ [HOLD_HEADER]: String(hold) });
  for (const name of ['range', 'if-none-match']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request('https://segment/', { method: request.method, headers });
}

export const putRequest = (body: ReadableStream | null, terms: PutTerms): Request =>
  new Request('https://segment/', {
    method: 'PUT',
    body,
    headers: { [WRITER_HEADER]: terms.writer, [PRECEDENCE_HEADER]: terms.precedence },
  });

export const holdOf = (request: Request): number => Number(request.headers.get(HOLD_HEADER) ?? 0);

export const putTermsOf = (request: Request): PutTerms => ({
  writer: request.headers.get(WRITER_HEADER) ?? '',
  precedence: request.headers.get(PRECEDENCE_HEADER) === 'last wins' ? 'last wins' : 'first wins',
});
