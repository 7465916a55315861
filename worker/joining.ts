import { videoRepresentationsOf, type StreamDescription } from '../protocol/description.ts';
import { segmentNumberAt } from '../protocol/epoch.ts';
import { parseSegmentNumber, segmentNumber, type RepresentationId, type SegmentNumber } from '../protocol/names.ts';
import {
  milliseconds,
  millisecondsOfSeconds,
  seconds,
  ticksOfMilliseconds,
  type Milliseconds,
} from '../protocol/units.ts';

/**
 * How a stock player says that it has just come, without knowing. A manifest of a copied stream that is asked for without
 * `j` has the number of the segment that joiners begin with in its URLs, also in its `Location`: that is what the player
 * asks for next time, and so its URLs stay as they are. That segment, and the one before, then come with a preroll.
 *
 * dash.js begins with one of the two; Shaka with one of them too, or with the one before and goes on to them.
 */
export const JOIN_PARAMETER = 'j';

/** Who is to be no further behind than this begins with the segment under way, or with the one before. */
const NEAR = millisecondsOfSeconds(seconds(0.5));

/** @param now by the clock that players are told of */
export function joinedNumber(
  { segmentDuration, targetLatency }: Pick<StreamDescription, 'segmentDuration' | 'targetLatency'>,
  now: Milliseconds,
): SegmentNumber {
  const behind = Math.max(0, millisecondsOfSeconds(targetLatency) - NEAR);
  return segmentNumberAt(ticksOfMilliseconds(milliseconds(now - behind)), segmentDuration);
}

/** What a URL's `j` says; undefined without one. What is no number joins nothing. */
export const joinedOf = (url: URL): SegmentNumber | undefined =>
  parseSegmentNumber(url.searchParams.get(JOIN_PARAMETER) ?? '');

/** Whether this segment may be the first of one who has joined with `joined`. */
export const joinsWith = (joined: SegmentNumber | undefined, number: SegmentNumber): boolean =>
  joined !== undefined && (number === joined || number === segmentNumber(joined - 1));

/** Of the picture: sound needs no frames before it. */
export const hasCopies = (description: StreamDescription): boolean =>
  videoRepresentationsOf(description).some(({ copied }) => copied === true);

export const isCopied = (description: StreamDescription, representation: RepresentationId): boolean =>
  videoRepresentationsOf(description).some(({ id, copied }) => id === representation && copied === true);
