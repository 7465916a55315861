import { permits } from '../protocol/token.ts';
import { isRepresentationId, type StreamName } from '../protocol/names.ts';
import { milliseconds, secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { claimsOf, demand, playbackIsOpen } from './auth.ts';
import { directoryOf } from './directory.ts';
import type { EdgeContext, Env } from './env.ts';
import { ProblemError } from './errors.ts';
import { Kept } from './kept.ts';
import { knownSnapshotOf } from './stream/known.ts';
import type { Stream } from './stream/object.ts';
import { entryOf, isPublic, type StreamEntry, type StreamSnapshot } from './stream/snapshot.ts';
import { streamOf } from './stream/stub.ts';

/** What changes in a list is seen so late at most; a wall looks every few seconds. */
const LISTED_FOR = milliseconds(1000);
type Listed = ReadonlyMap<StreamName, StreamSnapshot>;
const listed = new Kept<Listed>(LISTED_FOR);
const defined = new Kept<ReadonlyMap<StreamName, string | undefined>>(LISTED_FOR);

/** The streams that the one who asks may play. @throws ProblemError 401 when a token would show more than nothing */
async function playableStreams(c: EdgeContext, now: Milliseconds): Promise<[StreamName, StreamSnapshot][]> {
  const claims = await claimsOf(c.req.raw, c.env, secondsOfMilliseconds(now));
  const all = await listed.get(now, (before) => allOf(c.env, (stream) => stream.snapshot(), before));
  const open = playbackIsOpen(c.env);
  const allowed = [...all].filter(
    ([stream, snapshot]) => open || isPublic(snapshot) || (claims !== undefined && permits(claims, 'play', stream)),
  );
  if (!open && claims === undefined && allowed.length === 0) throw new ProblemError({ kind: 'token needed' });
  return allowed;
}

/**
 * Asks the objects of all streams. Of one that can't answer it is what it was `before`; one of which nothing is known is left
 * out. @throws what the last of them throws, where nothing is known of any
 */
async function allOf<T>(
  env: Env,
  ask: (stream: DurableObjectStub<Stream>) => Promise<T>,
  before: ReadonlyMap<StreamName, T> | undefined,
): Promise<ReadonlyMap<StreamName, T>> {
  const names = await directoryOf(env).list();
  let failure: unknown;
  const answers = await Promise.all(
    names.map(async (name) => {
      try {
        return { value: await ask(streamOf(env, name)) };
      } catch (error) {
        failure = error;
        return before?.has(name) === true ? { value: before.get(name) as T } : undefined;
      }
    }),
  );
  const known = names.flatMap((name, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [[name, answer.value] as const];
  });
  if (known.length === 0 && failure !== undefined) throw failure;
  return new Map(known);
}

/** `GET /api/streams` */
export async function listStreams(c: EdgeContext, now: Milliseconds): Promise<Response> {
  const streams = (await playableStreams(c, now))
    .map(([stream, snapshot]): StreamEntry | undefined => entryOf(stream, snapshot))
    .filter((entry) => entry !== undefined);
  return c.json({ streams }, 200, { 'cache-control': 'no-store' });
}

/** `GET /conf`: the streams' definitions, as their agents have them but for credentials. */
export async function configuration(c: EdgeContext, now: Milliseconds): Promise<Response> {
  const playable = await playableStreams(c, now);
  const all = await defined.get(now, (before) => allOf(c.env, (stream) => stream.definition(), before));
  const definitions = playable.map(([stream]) => all.get(stream)).filter((definition) => definition !== undefined);
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
