import {
  parseSegmentNumber,
  type RepresentationId,
  type SegmentNumber,
  type StreamName,
} from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { Place } from './place.ts';
import { DEFAULT_PATIENCE, type Patience, type Precedence } from './state.ts';

/**
 * What the Worker tells a Segment object along with a request, as headers of the inner request: they never come from
 * outside, because the Worker sets them all.
 */
const HOLD_HEADER = 'x-segment-hold-ms';
const PRECEDENCE_HEADER = 'x-segment-precedence';
const WRITER_HEADER = 'x-segment-writer';
const PATIENCE_HEADER = 'x-segment-patience-ms';
const KEYFRAME_HEADER = 'x-segment-keyframe';
const PREROLL_HEADER = 'x-segment-preroll';
const WINDOW_HEADER = 'x-segment-window-ms';

export interface PutTerms {
  readonly writer: string;
  readonly precedence: Precedence;
  readonly patience: Patience;
  /** Where keyframes lie anywhere: the segment with the last one there was when the PUT opened. */
  readonly keyframe?: SegmentNumber | undefined;
  /** From now until the segment leaves the time-shift window. */
  readonly window: Milliseconds;
}

/**
 * A GET or HEAD for the object.
 * @param hold how long it may wait for the PUT; 0 is not at all
 * @param joining the segment's own place, for one who joins with it and needs a preroll
 */
export function getRequest(request: Request, hold: Milliseconds, joining?: Place): Request {
  const headers = new Headers({ [HOLD_HEADER]: String(hold) });
  if (joining !== undefined) {
    headers.set(PREROLL_HEADER, `${joining.stream} ${joining.representation} ${joining.number}`);
  }
  for (const name of ['range', 'if-range', 'if-none-match']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request('https://segment/', { method: request.method, headers });
}

export function putRequest(
  body: ReadableStream | null,
  { writer, precedence, window, patience = DEFAULT_PATIENCE, keyframe }: Omit<PutTerms, 'patience'> & Partial<PutTerms>,
): Request {
  const headers = {
    [WRITER_HEADER]: writer,
    [PRECEDENCE_HEADER]: precedence,
    [PATIENCE_HEADER]: `${patience.alone} ${patience.withSpare}`,
    [WINDOW_HEADER]: String(window),
    ...(keyframe === undefined ? {} : { [KEYFRAME_HEADER]: String(keyframe) }),
  };
  return new Request('https://segment/', { method: 'PUT', body, headers });
}

export const holdOf = (request: Request): number => Number(request.headers.get(HOLD_HEADER) ?? 0);

export function joiningOf({ headers }: Request): Place | undefined {
  const [stream, representation, digits] = headers.get(PREROLL_HEADER)?.split(' ') ?? [];
  const number = parseSegmentNumber(digits ?? '');
  // The Worker has set it, out of names that are names.
  return number === undefined
    ? undefined
    : { stream: stream as StreamName, representation: representation as RepresentationId, number };
}

export function putTermsOf({ headers }: Request): PutTerms {
  const [alone = DEFAULT_PATIENCE.alone, withSpare = alone] =
    headers.get(PATIENCE_HEADER)?.split(' ').map(Number) ?? [];
  return {
    writer: headers.get(WRITER_HEADER) ?? '',
    precedence: headers.get(PRECEDENCE_HEADER) === 'last wins' ? 'last wins' : 'first wins',
    patience: { alone: milliseconds(alone), withSpare: milliseconds(withSpare) },
    window: milliseconds(Number(headers.get(WINDOW_HEADER) ?? 0)),
    keyframe: parseSegmentNumber(headers.get(KEYFRAME_HEADER) ?? ''),
  };
}
