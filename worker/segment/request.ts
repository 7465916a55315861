import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { DEFAULT_PATIENCE, type Patience, type Precedence } from './state.ts';

/**
 * What the Worker tells a Segment object along with a request, as headers of the inner request: they never come from
 * outside, because the Worker sets them all.
 */
const HOLD_HEADER = 'x-segment-hold-ms';
const PRECEDENCE_HEADER = 'x-segment-precedence';
const WRITER_HEADER = 'x-segment-writer';
const PATIENCE_HEADER = 'x-segment-patience-ms';

export interface PutTerms {
  readonly writer: string;
  readonly precedence: Precedence;
  readonly patience: Patience;
}

/** A GET or HEAD for the object. @param hold how long it may wait for the PUT; 0 is not at all */
export function getRequest(request: Request, hold: Milliseconds): Request {
  const headers = new Headers({ [HOLD_HEADER]: String(hold) });
  for (const name of ['range', 'if-range', 'if-none-match']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request('https://segment/', { method: request.method, headers });
}

export function putRequest(
  body: ReadableStream | null,
  { writer, precedence, patience = DEFAULT_PATIENCE }: Omit<PutTerms, 'patience'> & Partial<PutTerms>,
): Request {
  const headers = {
    [WRITER_HEADER]: writer,
    [PRECEDENCE_HEADER]: precedence,
    [PATIENCE_HEADER]: `${patience.alone} ${patience.withSpare}`,
  };
  return new Request('https://segment/', { method: 'PUT', body, headers });
}

export const holdOf = (request: Request): number => Number(request.headers.get(HOLD_HEADER) ?? 0);

export function putTermsOf({ headers }: Request): PutTerms {
  const [alone = DEFAULT_PATIENCE.alone, withSpare = alone] =
    headers.get(PATIENCE_HEADER)?.split(' ').map(Number) ?? [];
  return {
    writer: headers.get(WRITER_HEADER) ?? '',
    precedence: headers.get(PRECEDENCE_HEADER) === 'last wins' ? 'last wins' : 'first wins',
    patience: { alone: milliseconds(alone), withSpare: milliseconds(withSpare) },
  };
}
