import type { StreamDescription } from '../protocol/description.ts';
import { segmentNumberAt } from '../protocol/epoch.ts';
import type { RepresentationId, SegmentNumber } from '../protocol/names.ts';
import { ticksOfMilliseconds, type Milliseconds } from '../protocol/units.ts';

/**
 * Server-side representation switching (SSRS): a player sees one representation, and each of its segments comes from the
 * one that suits how far behind it is. For each segment that it lags, one step lower: it catches up without knowing.
 *
 * @param forced the representation that everyone gets, while somebody has said so at `/ssss/`
 * @returns undefined for a stream that does not switch
 */
export function switched(
  description: StreamDescription,
  number: SegmentNumber,
  now: Milliseconds,
  forced: RepresentationId | undefined,
): RepresentationId | undefined {
  if (!description.serverSideRepresentationSwitching) return undefined;
  const ids = description.tracks.flatMap((track) => track.representations.map(({ id }) => id));
  if (forced !== undefined && ids.includes(forced)) return forced;
  const newest = segmentNumberAt(ticksOfMilliseconds(now), description.segmentDuration);
  const lag = Math.max(0, newest - number);
  return ids[Math.max(0, ids.length - 1 - lag)];
}
