import { request } from 'undici';
import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';
import { milliseconds } from '../../protocol/units.ts';
import { authorization, mediaUrl, type Edge } from './edge.ts';

/** What can't be taken back by then stays: it only keeps pictures of its own time away. */
const PATIENCE = milliseconds(3000);

/**
 * Takes back segments that were told by a clock that has been set back since, in order: the edge keeps what is complete,
 * and their numbers are to come once more.
 * @returns of each, when that is done or given up; never rejects
 */
export function retract(
  numbers: readonly SegmentNumber[],
  options: {
    readonly edge: Edge;
    readonly stream: StreamName;
    readonly representation: RepresentationId;
    readonly signal: AbortSignal;
  },
): ReadonlyMap<SegmentNumber, Promise<void>> {
  const { edge, stream, representation } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE)]);
  const remove = async (number: SegmentNumber): Promise<void> => {
    const url = mediaUrl(edge, stream, { kind: 'segment', representation, number });
    const headers = await authorization(edge);
    const answer = await request(url, { method: 'DELETE', dispatcher: edge.dispatcher, headers, signal });
    await answer.body.dump();
  };
  const done = new Map<SegmentNumber, Promise<void>>();
  let before = Promise.resolve();
  for (const number of numbers) {
    before = before.then(() => remove(number)).catch(() => {});
    done.set(number, before);
  }
  return done;
}
