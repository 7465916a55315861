import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import type { Arrival } from '../arrival.ts';
import type { Behind } from '../behind.ts';
import { toResponse, type Problem } from '../errors.ts';
import { whileThere, type Left } from './leaving.ts';
import { inPieces } from './pieces.ts';
import type { Patience, Precedence } from './state.ts';

/**
 * What the Worker and a Segment object say to each other of a PUT. They do so by RPC, because a stream that is passed by
 * RPC ends only when its end is said, and fails when whoever writes it is gone. As the body of an inner request it reads
 * as ended when the encoder's connection is reset, where Worker and object are in two processes.
 */
export interface PutTerms {
  readonly writer: string;
  /** When it came; one that was deleted since is carried out, and nothing is left of it. */
  readonly arrival?: Arrival | undefined;
  readonly precedence: Precedence;
  readonly patience: Patience;
  /** Where keyframes lie anywhere: the segment with the last one there was when the PUT opened. */
  readonly keyframe?: SegmentNumber | undefined;
  /** What its body ends with when it is whole, where the encoder says so. */
  readonly end?: Uint8Array | undefined;
  /** Names the call, for when its encoder has gone before its turn. */
  readonly call?: string | undefined;
  /** From now until the segment leaves the time-shift window. */
  readonly window: Milliseconds;
}

export interface PutAnswer {
  /** Undefined when the segment is whole. */
  readonly problem: Problem | undefined;
  /** How many GETs the segment has had; told to who is refused, too: a spare has to know whether anybody watches. */
  readonly viewers: number;
}

/** Passes a PUT on to its segment's object. */
export async function put(
  segment: TakesPuts & Left,
  request: Request,
  context: Behind,
  terms: Omit<PutTerms, 'call'>,
): Promise<Response> {
  return whileThere(segment, request, context, async (call, leave) => {
    const body = request.body === null ? null : inPieces(request.body, leave);
    return putResponse(await segment.put(body, { ...terms, call }));
  });
}

interface TakesPuts {
  readonly put: (body: ReadableStream<Uint8Array> | null, terms: PutTerms) => Promise<PutAnswer>;
}

export function putResponse({ problem, viewers }: PutAnswer): Response {
  const headers = { [VIEWERS_HEADER]: String(viewers) };
  return problem === undefined ? new Response(null, { status: 201, headers }) : toResponse(problem, headers);
}
