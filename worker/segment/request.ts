import { parseSegmentNumber, type RepresentationId, type StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { SegmentDemand } from './demand.ts';
import type { Place } from './place.ts';

/**
 * What the Worker tells a Segment object along with a GET, as headers of the inner request: they never come from outside,
 * because the Worker sets them all.
 */
const HOLD_HEADER = 'x-segment-hold-ms';
const PREROLL_HEADER = 'x-segment-preroll';
const VIEWER_HEADER = 'x-segment-viewer';
const CALL_HEADER = 'x-segment-call';
const DEMAND_HEADER = 'x-segment-demand';

export interface GetTerms {
  /** How long it may wait for the PUT; 0 is not at all. */
  readonly hold: Milliseconds;
  /** The segment's own place, for one who joins with it and needs a preroll. */
  readonly joining?: Place | undefined;
  /** Who it is for, as far as that is known. */
  readonly viewer?: string;
  /** Of one that is made on demand. */
  readonly demand?: SegmentDemand | undefined;
  /** Names the call, for {@link Segment.leave}. */
  readonly call?: string | undefined;
}

/** A GET or HEAD for the object. */
export function getRequest(request: Request, { hold, joining, viewer = '', demand, call }: GetTerms): Request {
  const headers = new Headers({ [HOLD_HEADER]: String(hold), [VIEWER_HEADER]: viewer });
  if (call !== undefined) headers.set(CALL_HEADER, call);
  if (demand !== undefined) headers.set(DEMAND_HEADER, `${demand.stream} ${demand.representation} ${demand.wait}`);
  if (joining !== undefined) {
    headers.set(PREROLL_HEADER, `${joining.stream} ${joining.representation} ${joining.number}`);
  }
  for (const name of ['range', 'if-range', 'if-none-match']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Request('https://segment/', { method: request.method, headers });
}

export const callOf = (request: Request): string | undefined => request.headers.get(CALL_HEADER) ?? undefined;

/** Who it is for, as far as that is known. */
export const seatedOf = (request: Request): string => request.headers.get(VIEWER_HEADER) ?? '';

export const holdOf = (request: Request): number => Number(request.headers.get(HOLD_HEADER) ?? 0);

export function demandOf({ headers }: Request): SegmentDemand | undefined {
  const [stream, representation, wait] = headers.get(DEMAND_HEADER)?.split(' ') ?? [];
  if (wait === undefined) return undefined;
  // The Worker has set it, out of names that are names.
  return {
    stream: stream as StreamName,
    representation: representation as RepresentationId,
    wait: milliseconds(Number(wait)),
  };
}

export function joiningOf({ headers }: Request): Place | undefined {
  const [stream, representation, digits] = headers.get(PREROLL_HEADER)?.split(' ') ?? [];
  const number = parseSegmentNumber(digits ?? '');
  // The Worker has set it, out of names that are names.
  return number === undefined
    ? undefined
    : { stream: stream as StreamName, representation: representation as RepresentationId, number };
}
