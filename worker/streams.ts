import { permits } from '../protocol/token.ts';
import type { StreamName } from '../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { claimsOf, demand, playbackIsOpen } from './auth.ts';
import type { EdgeContext } from './env.ts';
import { directoryOf } from './directory.ts';
import { ProblemError } from './errors.ts';
import { snapshotOf, streamOf } from './stream/cache.ts';
import { entryOf, isPublic, type StreamEntry, type StreamSnapshot } from './stream/snapshot.ts';

/** `GET /api/streams`: the streams that the one who asks may play. */
export async function listStreams(c: EdgeContext, now: Milliseconds): Promise<Response> {
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
  const streams = allowed
    .map(({ stream, snapshot }): StreamEntry | undefined => entryOf(stream, snapshot))
    .filter((entry) => entry !== undefined);
  return c.json({ streams }, 200, { 'cache-control': 'no-store' });
}

/** `GET /api/streams/{stream}` */
export async function showStream(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  const snapshot = await snapshotOf(c.env, c.executionCtx, stream, now);
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
