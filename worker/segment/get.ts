import type { Behind } from '../behind.ts';
import { whileThere, type Left } from './leaving.ts';
import { getRequest, type GetTerms } from './request.ts';

/** Asks a Segment object for a viewer. */
export function get(
  segment: Left & Pick<Fetcher, 'fetch'>,
  request: Request,
  context: Behind,
  terms: Omit<GetTerms, 'call'>,
): Promise<Response> {
  if (terms.hold === 0) return segment.fetch(getRequest(request, terms));
  return whileThere(segment, request, context, (call) => segment.fetch(getRequest(request, { ...terms, call })));
}
