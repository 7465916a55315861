import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { Env } from '../env.ts';
import { toResponse } from '../errors.ts';
import { touchNext } from '../segment/ahead.ts';
import { get } from '../segment/get.ts';
import { segmentOf } from '../segment/stub.ts';
import { streamOf } from '../stream/stub.ts';
import { viewerOf } from '../viewer.ts';
import type { Question } from './question.ts';

/**
 * What the objects say. Of a manifest it is what it is made of (`ManifestSource`), because each viewer's holds its token.
 * @param request tells what of the object is wanted
 */
export async function answerOf(
  env: Env,
  context: Pick<ExecutionContext, 'waitUntil'>,
  { stream, object, terms }: Question,
  request: Request,
  now: Milliseconds,
): Promise<Response> {
  switch (object.kind) {
    case 'segment':
    case 'joined segment': {
      const { kind, representation, number } = object;
      const hold = milliseconds(Math.max(0, terms.until - now));
      const place = { stream, representation, number };
      const joining = kind === 'segment' ? undefined : place;
      const { demandFrom } = terms;
      const wait = milliseconds(Math.max(0, (demandFrom ?? now) - now));
      const demand = demandFrom === undefined ? undefined : { stream, representation, wait };
      if (terms.nextIsMade === true) touchNext(env, context, place);
      return get(segmentOf(env, stream, representation, number), request, context, {
        ...{ hold, joining, demand, viewer: viewerOf(request, env.VIEWER_ADDRESS_HEADER) },
      });
    }
    case 'init': {
      const init = await streamOf(env, stream).init(object.representation);
      if (init === undefined) return toResponse({ kind: 'no such object' });
      // Not kept by players: a restart of the encoder may bring another one under the same name.
      return new Response(init, {
        headers: { 'content-type': 'video/mp4', 'cache-control': 'no-store, no-transform' },
      });
    }
    case 'manifest':
      return Response.json(await streamOf(env, stream).manifestSource());
    case 'snapshot': {
      const snapshot = await streamOf(env, stream).snapshot();
      // Shared with nobody: it may be announced in a moment.
      const unshared = { status: 404, headers: { 'cache-control': 'no-store' } };
      return Response.json(snapshot, snapshot.kind === 'unknown' ? unshared : {});
    }
  }
}
