import { FAN_OUT_HEADER, PROBE_HOLD, PROBE_REPRESENTATION, PROBE_SHARED, PROBE_WINDOW } from '../protocol/probe.ts';
import type { MediaObject, StreamAddress } from '../protocol/paths.ts';
import { milliseconds, millisecondsOfSeconds, secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { demand } from './auth.ts';
import type { EdgeContext } from './env.ts';
import { endOf } from './segment/ending.ts';
import { get } from './segment/get.ts';
import { put } from './segment/put.ts';
import { DEFAULT_PATIENCE } from './segment/state.ts';
import { segmentOf } from './segment/stub.ts';
import { ask, shieldOf } from './shield/ask.ts';

const HOLD = millisecondsOfSeconds(PROBE_HOLD);
const WINDOW = millisecondsOfSeconds(PROBE_WINDOW);

type Probe = MediaObject & { readonly kind: 'segment'; readonly representation: typeof PROBE_REPRESENTATION };

export const isProbe = (object: MediaObject): object is Probe =>
  object.kind === 'segment' && object.representation === PROBE_REPRESENTATION;

/** GET, HEAD, PUT and POST of a probe: the way of a segment, without a stream that it belongs to. */
export async function probe(
  c: EdgeContext,
  { stream }: StreamAddress,
  object: Probe,
  now: Milliseconds,
): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  const segment = segmentOf(c.env, stream, object.representation, object.number);
  switch (c.req.method) {
    case 'GET':
    case 'HEAD': {
      const terms = { until: milliseconds(now + HOLD), keep: PROBE_WINDOW };
      const isShared = new URL(c.req.url).searchParams.has(PROBE_SHARED);
      const answer = isShared
        ? await ask(c, { stream, object, terms }, now)
        : await get(segment, c.req.raw, c.executionCtx, { hold: HOLD });
      const told = new Response(answer.body, answer);
      told.headers.set(FAN_OUT_HEADER, shieldOf(c.env, c.executionCtx) === undefined ? 'direct' : 'cache');
      return told;
    }
    default: {
      const terms = { writer: crypto.randomUUID(), precedence: 'last wins', window: WINDOW } as const;
      return put(segment, c.req.raw, c.executionCtx, { ...terms, patience: DEFAULT_PATIENCE, end: endOf(c.req.raw) });
    }
  }
}
