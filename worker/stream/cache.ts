import type { StreamName } from '../../protocol/names.ts';
import { milliseconds, seconds, type Milliseconds } from '../../protocol/units.ts';
import { behind } from '../behind.ts';
import { elapsed } from '../elapsed.ts';
import type { Env } from '../env.ts';
import { ProblemError, type Problem } from '../errors.ts';
import { shieldOf, type Exports } from '../shield/ask.ts';
import { BRIEFLY, shieldRequest } from '../shield/question.ts';
import type { StreamSnapshot } from './snapshot.ts';
import { streamOf } from './stub.ts';

/**
 * Snapshots of streams, kept by the isolate so that a segment's GET does not wait for the Stream object: after a second
 * it is asked anew while the old one serves. Values only: a promise made for one request can't be awaited in another.
 * A large audience keeps thousands of isolates busy: where viewers share answers, these do too.
 */
const FRESH = milliseconds(1000);
const STALE = milliseconds(3000);
const MAX_ENTRIES = 1000;

const UNANSWERED = {
  kind: 'try again',
  why: 'how the stream is was not to be learnt',
  after: seconds(1),
} as const satisfies Problem;

interface Entry {
  readonly snapshot: StreamSnapshot;
  /** When the object was asked for it. */
  readonly at: Milliseconds;
  /** When the object was last asked for a newer one. */
  readonly askedAt: Milliseconds;
}
const entries = new Map<StreamName, Entry>();

/** Whether a stream is known here: then its object may be asked, whoever wants to know. */
export const isCached = (stream: StreamName): boolean => entries.has(stream);

export async function snapshotOf(
  env: Env,
  context: Pick<ExecutionContext, 'waitUntil'> & Exports,
  stream: StreamName,
  now: Milliseconds,
): Promise<StreamSnapshot> {
  const entry = entries.get(stream);
  if (entry === undefined || elapsed(entry.at, now) > STALE) return sharedSnapshotOf(env, context, stream, now);
  if (elapsed(entry.askedAt, now) > FRESH) {
    entries.set(stream, { ...entry, askedAt: now });
    behind(context, sharedSnapshotOf(env, context, stream, now));
  }
  return entry.snapshot;
}

/** Asks the object now: for what must not be decided by what was true a second ago. */
export const freshSnapshotOf = async (env: Env, stream: StreamName, now: Milliseconds): Promise<StreamSnapshot> =>
  keep(stream, await streamOf(env, stream).snapshot(), now);

async function sharedSnapshotOf(
  env: Env,
  context: Exports,
  stream: StreamName,
  now: Milliseconds,
): Promise<StreamSnapshot> {
  const shield = shieldOf(env, context);
  if (shield === undefined) return freshSnapshotOf(env, stream, now);
  const question = { stream, object: { kind: 'snapshot' }, terms: { until: now, keep: BRIEFLY } } as const;
  const answer = await shield.fetch(shieldRequest(question));
  // 404 has one too, of a stream that is unknown.
  if (!answer.ok && answer.status !== 404) throw new ProblemError(UNANSWERED);
  return keep(stream, await answer.json<StreamSnapshot>(), now);
}

function keep(stream: StreamName, snapshot: StreamSnapshot, now: Milliseconds): StreamSnapshot {
  if (entries.size >= MAX_ENTRIES && !entries.has(stream)) entries.clear();
  if (snapshot.kind === 'unknown') entries.delete(stream);
  else entries.set(stream, { snapshot, at: now, askedAt: now });
  return snapshot;
}
