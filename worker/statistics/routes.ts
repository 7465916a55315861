import { requestsCsv } from '../../protocol/statistics.ts';
import type { StreamName } from '../../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import { demand, playbackIsOpen } from '../auth.ts';
import type { EdgeContext } from '../env.ts';
import { ProblemError } from '../errors.ts';
import { knownSnapshotOf } from '../stream/known.ts';
import { streamOf } from '../stream/stub.ts';

/** `GET /api/streams/{stream}/stats`: JSON, or CSV with `?format=csv` or where `Accept` asks for it. */
export async function showStatistics(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  // Who watches is the owner's affair, but where everyone may do everything.
  if (!playbackIsOpen(c.env)) await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  await demandKnown(c, stream, now);
  const statistics = await streamOf(c.env, stream).statistics(stream);
  const csv = c.req.query('format') === 'csv' || c.req.header('accept')?.startsWith('text/csv') === true;
  const headers = { 'cache-control': 'no-store' };
  if (csv) return c.body(requestsCsv(statistics), 200, { ...headers, 'content-type': 'text/csv; charset=utf-8' });
  return c.json(statistics, 200, headers);
}

/** `DELETE /api/streams/{stream}/stats`: begins anew. */
export async function clearStatistics(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  await demandKnown(c, stream, now);
  await streamOf(c.env, stream).clearStatistics();
  return c.body(null, 204);
}

async function demandKnown(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<void> {
  const { kind } = await knownSnapshotOf(c, stream, now);
  if (kind === 'unknown') throw new ProblemError({ kind: 'no such stream' });
}
