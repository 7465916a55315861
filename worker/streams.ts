import { permits } from '../protocol/token.ts';
import { isRepresentationId, type StreamName } from '../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { claimsOf, demand, playbackIsOpen } from './auth.ts';
import type { EdgeContext } from './env.ts';
import { directoryOf } from './directory.ts';
import { ProblemError } from './errors.ts';
import { knownSnapshotOf } from './stream/known.ts';
import { entryOf, isPublic, type StreamEntry, type StreamSnapshot } from './stream/snapshot.ts';
import { streamOf } from './stream/stub.ts';

interface PlayableStream {
  readonly stream: StreamName;
  readonly snapshot: StreamSnapshot;
}

/** The streams that the one who asks may play. @throws ProblemError 401 when a token would show more than nothing */
async function playableStreams(c: EdgeContext, now: Milliseconds): Promise<PlayableStream[]> {
  const claims = await claimsOf(c.req.raw, c.env, secondsOfMilliseconds(now));
  const names = await directoryOf(c.env).list();
  const all = await Promise.all(
    names.map(async (stream) => ({ stream, snapshot: (await streamOf(c.env, stream).snapshot()) as StreamSnapshot })),
  );
  const open = playbackIsOpen(c.env);
  const allowed = all.filter(
    ({ stream, snapshot }) => open || isPublic(snapshot) || (claims !== undefined && permits(claims, 'play', stream)),
  );
  if (!open && claims === undefined && allowed.length === 0) throw new ProblemError({ kind: 'token needed' });
  return allowed;
}

/** `GET /api/streams` */
export async function listStreams(c: EdgeContext, now: Milliseconds): Promise<Response> {
  const streams = (await playableStreams(c, now))
    .map(({ stream, snapshot }): StreamEntry | undefined => entryOf(stream, snapshot))
    .filter((entry) => entry !== undefined);
  return c.json({ streams }, 200, { 'cache-control': 'no-store' });
}

/** `GET /conf`: the streams' definitions, as their agents have them but for credentials. */
export async function configuration(c: EdgeContext, now: Milliseconds): Promise<Response> {
  const definitions = (await playableStreams(c, now)).flatMap(({ snapshot }) =>
    snapshot.kind === 'announced' ? (snapshot.description.definition ?? []) : [],
  );
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return c.body(`[${definitions.join(',')}]`, 200, headers);
}

/**
 * `GET /ssss/{stream}/{representation}`: gives everyone this representation, until `/ssss/{stream}/auto`. Where everyone
 * may play everything everyone may do this too, as with the original; elsewhere whoever may publish.
 */
export async function forceRepresentation(
  c: EdgeContext,
  stream: StreamName,
  representation: string,
  now: Milliseconds,
): Promise<Response> {
  if (!playbackIsOpen(c.env)) await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  if ((await knownSnapshotOf(c, stream, now)).kind === 'unknown') throw new ProblemError({ kind: 'no such stream' });
  const forced = representation === 'auto' ? undefined : representation;
  if (forced !== undefined && !isRepresentationId(forced)) throw new ProblemError({ kind: 'no such object' });
  if (!(await streamOf(c.env, stream).force(forced))) throw new ProblemError({ kind: 'no such object' });
  return c.text('OK', 200, { 'cache-control': 'no-store' });
}

/** `GET /api/streams/{stream}` */
export async function showStream(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  const snapshot = await knownSnapshotOf(c, stream, now);
  if (!playbackIsOpen(c.env) && !isPublic(snapshot)) {
    await demand('play', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  }
  const entry = entryOf(stream, snapshot);
  if (entry === undefined) throw new ProblemError({ kind: 'no such stream' });
  return c.json(entry, 200, { 'cache-control': 'no-store' });
}

/** `GET /api/streams/{stream}/agent`: the WebSocket of an agent. */
export async function connectAgent(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  return streamOf(c.env, stream).fetch(`https://stream/${stream}`, c.req.raw);
}
