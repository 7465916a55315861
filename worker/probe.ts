import { PROBE_REPRESENTATION } from '../protocol/probe.ts';
import type { MediaObject, StreamAddress } from '../protocol/paths.ts';
import { milliseconds, secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { demand } from './auth.ts';
import type { EdgeContext } from './env.ts';
import { put } from './segment/put.ts';
import { getRequest } from './segment/request.ts';
import { DEFAULT_PATIENCE } from './segment/state.ts';
import { segmentOf } from './segment/stub.ts';

/** How long a GET waits for its PUT. */
const HOLD = milliseconds(5000);
/** How long it can be read. */
const WINDOW = milliseconds(60_000);

type Probe = MediaObject & { readonly kind: 'segment'; readonly representation: typeof PROBE_REPRESENTATION };

export const isProbe = (object: MediaObject): object is Probe =>
  object.kind === 'segment' && object.representation === PROBE_REPRESENTATION;

/** GET, HEAD, PUT and POST of a probe: the way of a segment, without a stream that it belongs to. */
export async function probe(
  c: EdgeContext,
  { stream }: StreamAddress,
  { representation, number }: Probe,
  now: Milliseconds,
): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  const segment = segmentOf(c.env, stream, representation, number);
  switch (c.req.method) {
    case 'GET':
    case 'HEAD':
      return segment.fetch(getRequest(c.req.raw, HOLD));
    default: {
      const terms = { writer: crypto.randomUUID(), precedence: 'last wins', window: WINDOW } as const;
      return put(segment, c.req.raw.body, { ...terms, patience: DEFAULT_PATIENCE });
    }
  }
}
