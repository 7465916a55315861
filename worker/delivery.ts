import { isSound, representationOf, type Representation } from '../protocol/description.ts';
import { holdTime, segmentStart } from '../protocol/epoch.ts';
import type { ClientName, RepresentationId, SegmentNumber, StreamName } from '../protocol/names.ts';
import type { MediaObject, StreamAddress } from '../protocol/paths.ts';
import {
  milliseconds,
  millisecondsOfSeconds,
  millisecondsOfTicks,
  seconds,
  secondsOfMilliseconds,
  type Milliseconds,
  type Seconds,
} from '../protocol/units.ts';
import { demand, playbackIsOpen, urlTokenOf } from './auth.ts';
import type { EdgeContext, Env } from './env.ts';
import { demandPossible } from './admission.ts';
import { behind } from './behind.ts';
import { ProblemError } from './errors.ts';
import { toldTime } from './isotime.ts';
import { isCopied, joinedNumber, joinedOf, joinsWith } from './joining.ts';
import { mpd } from './manifest/mpd.ts';
import { withToken } from './manifest/pushed.ts';
import { isProbe, probe } from './probe.ts';
import { isNextMade } from './segment/ahead.ts';
import { ask } from './shield/ask.ts';
import { BRIEFLY } from './shield/question.ts';
import { freshSnapshotOf } from './stream/cache.ts';
import { knownSnapshotOf } from './stream/known.ts';
import { streamOf } from './stream/stub.ts';
import { playerFigures } from './statistics/cmcd.ts';
import { isPublic, type ManifestSource, type StreamSnapshot } from './stream/snapshot.ts';
import { switched } from './switching.ts';

/** GET and HEAD of media objects. */

/** Of a pushed stream, how far from its newest segment a number may be to be possible. */
const PUSHED_AHEAD = 10;
const PUSHED_BEHIND = 1000;
/** In seconds: its numbers say nothing about when a segment is due, so each is held for its duration and this. */
const PUSHED_LATENESS = 2;

export async function deliver(
  c: EdgeContext,
  { stream, client }: StreamAddress,
  object: MediaObject,
  now: Milliseconds,
): Promise<Response> {
  if (isProbe(object)) return probe(c, { stream, client }, object, now);
  const snapshot = await knownSnapshotOf(c, stream, now);
  if (!playbackIsOpen(c.env) && !isPublic(snapshot)) {
    await demand('play', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  }
  if (snapshot.kind === 'unknown') throw new ProblemError({ kind: 'no such stream' });
  switch (object.kind) {
    case 'manifest':
      return deliverManifest(c, await ask(c, { stream, object, terms: { until: now, keep: BRIEFLY } }, now), now);
    case 'init':
      return typed(
        await ask(c, { stream, object, terms: { until: now, keep: BRIEFLY } }, now),
        described(snapshot, object.representation),
      );
    case 'segment': {
      const possible = await holdFor(c.env, stream, snapshot, object, now);
      const hold = mayHold(c.env) ? possible : milliseconds(0);
      const representation = served(snapshot, object, now);
      const asked = described(snapshot, representation);
      if (savesStats(snapshot) && !isOfSound(asked)) recordRequest(c, stream, client, now);
      const nextIsMade = isNextThere(snapshot, object, now);
      // Then somebody has to be told who asks for it.
      const demandFrom = asked?.onDemand === true ? startOf(snapshot, object.number) : undefined;
      const terms = { until: milliseconds(now + hold), keep: keptFor(snapshot), nextIsMade, demandFrom };
      const kind = isFirst(c, snapshot, representation, object.number) ? 'joined segment' : 'segment';
      return typed(
        await ask(c, { stream, object: { kind, representation, number: object.number }, terms }, now),
        asked,
      );
    }
  }
}

const savesStats = (snapshot: StreamSnapshot): boolean =>
  snapshot.kind === 'announced' && snapshot.description.saveStats === true;

/** Behind the request's back: its answer does not wait. */
function recordRequest(c: EdgeContext, stream: StreamName, client: ClientName | undefined, now: Milliseconds): void {
  const told = playerFigures(c.req.raw);
  behind(c.executionCtx, streamOf(c.env, stream).record(client ?? 'anonymous', now, told));
}

/** With server-side switching, not the one that was asked for. */
const served = (
  snapshot: StreamSnapshot,
  { representation, number }: MediaObject & { kind: 'segment' },
  now: Milliseconds,
): RepresentationId =>
  (snapshot.kind === 'announced'
    ? switched(snapshot.description, { representation, number }, now, snapshot.forced)
    : undefined) ?? representation;

/** Whether whoever asks for it may have nothing yet to decode it with. */
const isFirst = (
  c: EdgeContext,
  snapshot: StreamSnapshot,
  representation: RepresentationId,
  number: SegmentNumber,
): boolean =>
  snapshot.kind === 'announced' &&
  isCopied(snapshot.description, representation) &&
  joinsWith(joinedOf(new URL(c.req.url)), number);

/** What its agent has told of it; nothing of what other encoders push. */
const described = (snapshot: StreamSnapshot, representation: RepresentationId): Representation | undefined =>
  snapshot.kind === 'announced' ? representationOf(snapshot.description, representation) : undefined;

/** Of sound there would be a second line for each segment, with figures of its own. */
const isOfSound = (asked: Representation | undefined): boolean => asked !== undefined && isSound(asked);

/** The objects know bytes, not what is in them, and answer as of a picture. */
function typed(answer: Response, asked: Representation | undefined): Response {
  if (!isOfSound(asked) || answer.headers.get('content-type') !== 'video/mp4') return answer;
  const headers = new Headers(answer.headers);
  headers.set('content-type', 'audio/mp4');
  return new Response(answer.body, { status: answer.status, headers });
}

/** When a segment begins, as far as that is known. */
const startOf = (snapshot: StreamSnapshot, number: SegmentNumber): Milliseconds | undefined =>
  snapshot.kind === 'announced'
    ? millisecondsOfTicks(segmentStart(number, snapshot.description.segmentDuration))
    : undefined;

function isNextThere(
  snapshot: Exclude<StreamSnapshot, { kind: 'unknown' }>,
  { representation, number }: MediaObject & { kind: 'segment' },
  now: Milliseconds,
): boolean {
  switch (snapshot.kind) {
    case 'announced':
      return isNextMade(number, now, snapshot.description.segmentDuration);
    case 'pushed':
      // A PUT makes two at least.
      return number <= (snapshot.newest[representation] ?? -Infinity) + 1;
  }
}

const mayHold = (env: Env): boolean => env.WAIT_FOR_ABSENT_SEGMENT !== 'false';

/** How long a cached entrypoint may keep a segment: one of an agent is what it is, one that was pushed can be replaced. */
const keptFor = (snapshot: Exclude<StreamSnapshot, { kind: 'unknown' }>): Seconds =>
  snapshot.kind === 'announced'
    ? seconds(snapshot.description.segmentDuration + snapshot.description.timeShift)
    : snapshot.segmentDuration;

async function deliverManifest(c: EdgeContext, answer: Response, now: Milliseconds): Promise<Response> {
  if (!answer.ok) return answer;
  const source = await answer.json<ManifestSource>();
  const headers = {
    'content-type': 'application/dash+xml',
    'cache-control': 'no-store',
    // Browsers show XML as a page, and one that an encoder pushed may hold anything.
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  };
  const token = urlTokenOf(c.req.raw);
  switch (source.kind) {
    case 'unknown':
      throw new ProblemError({ kind: 'no such stream' });
    case 'not ready':
      throw new ProblemError({ kind: 'stream not ready', detail: source.detail });
    case 'document':
      return c.body(withToken(source.manifest, token), 200, headers);
    case 'description': {
      const { description } = source;
      const url = new URL(c.req.url);
      const joined = joinedOf(url) ?? joinedNumber(description, toldTime(c.env, now));
      return c.body(mpd(description, { origin: url.origin, token, joined }), 200, headers);
    }
  }
}

/** How long a GET may wait for this segment. @throws ProblemError for one that can't exist, before an object is made */
async function holdFor(
  env: Env,
  stream: StreamName,
  snapshot: Exclude<StreamSnapshot, { kind: 'unknown' }>,
  { representation, number }: MediaObject & { kind: 'segment' },
  now: Milliseconds,
): Promise<Milliseconds> {
  switch (snapshot.kind) {
    case 'announced': {
      // A camera that has just started is asked for before its description has got around.
      const current = offers(snapshot, representation) ? snapshot : await freshSnapshotOf(env, stream, now);
      if (current.kind !== 'announced' || !offers(current, representation)) {
        throw new ProblemError({ kind: 'no such object' });
      }
      const { description } = current;
      demandPossible(number, description, now);
      return millisecondsOfSeconds(holdTime(number, secondsOfMilliseconds(now), description.segmentDuration));
    }
    case 'pushed': {
      const possible =
        isNearNewest(snapshot, representation, number) ||
        isNearNewest(await freshSnapshotOf(env, stream, now), representation, number);
      if (!possible) throw new ProblemError({ kind: 'no such object' });
      return millisecondsOfSeconds(seconds(snapshot.segmentDuration + PUSHED_LATENESS));
    }
  }
}

const offers = (snapshot: StreamSnapshot, representation: RepresentationId): boolean =>
  described(snapshot, representation) !== undefined;

function isNearNewest(snapshot: StreamSnapshot, representation: RepresentationId, number: SegmentNumber): boolean {
  const newest = snapshot.kind === 'pushed' ? snapshot.newest[representation] : undefined;
  return newest !== undefined && number <= newest + PUSHED_AHEAD && number >= newest - PUSHED_BEHIND;
}
