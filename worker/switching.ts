import { videoRepresentationsOf, type StreamDescription } from '../protocol/description.ts';
import { segmentNumberAt } from '../protocol/epoch.ts';
import type { RepresentationId, SegmentNumber } from '../protocol/names.ts';
import { ticksOfMilliseconds, type Milliseconds } from '../protocol/units.ts';

/**
 * Server-side representation switching (SSRS): a player sees one representation of the picture, and each of its segments comes from the
 * one that suits how far behind it is. For each segment that it lags, one step lower: it catches up without knowing.
 *
 * @param forced the representation that everyone gets, while somebody has said so at `/ssss/`
 * @returns undefined for a stream that does not switch, and for sound
 */
export function switched(
  description: StreamDescription,
  { representation, number }: { readonly representation: RepresentationId; readonly number: SegmentNumber },
  now: Milliseconds,
  forced: RepresentationId | undefined,
): RepresentationId | undefined {
  if (!description.serverSideRepresentationSwitching) return undefined;
  const ids = videoRepresentationsOf(description).map(({ id }) => id);
  if (!ids.includes(representation)) return undefined;
  if (forced !== undefined && ids.includes(forced)) return forced;
  const newest = segmentNumberAt(ticksOfMilliseconds(now), description.segmentDuration);
  const lag = Math.max(0, newest - number);
  return ids[Math.max(0, ids.length - 1 - lag)];
}
