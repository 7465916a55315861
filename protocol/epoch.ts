import { segmentNumber, type SegmentNumber } from './names.ts';
import { seconds, secondsOfTicks, ticks, ticksOfSeconds, type Seconds, type Ticks } from './units.ts';

/**
 * Epoch-locked numbering: segment n of a stream with segment duration d covers the media time [n·d, (n+1)·d) since
 * 1970-01-01T00:00:00Z (ISO/IEC 23009-9, REaP). No restart renumbers anything, and the clock alone tells which
 * numbers can exist.
 */

/** Number of the segment that covers `time`. */
export const segmentNumberAt = (time: Ticks, segmentDuration: Seconds): SegmentNumber =>
  segmentNumber(Math.floor(time / ticksOfSeconds(segmentDuration)));

/** Media time at which segment `number` starts. */
export const segmentStart = (number: SegmentNumber, segmentDuration: Seconds): Ticks =>
  ticks(number * ticksOfSeconds(segmentDuration));

/** For how long after its end a segment may still come. */
const LATENESS = 2;

/**
 * How long a GET at `now` is held for a segment whose PUT has not opened: until 2 s after the segment's end. One asked
 * for as it starts is held for its duration and 2 s; one that should long be there, not at all: the player that missed
 * it is to go on.
 */
export function holdTime(number: SegmentNumber, now: Seconds, segmentDuration: Seconds): Seconds {
  const end = secondsOfTicks(segmentStart(number, segmentDuration)) + segmentDuration;
  return seconds(Math.max(0, end + LATENESS - now));
}

/**
 * How long after its end a segment is in the time-shift window: while any of its media is, and at least for as long as it
 * may still come.
 * @param timeShift depth of the time-shift buffer
 */
export const windowAfterEnd = (timeShift: Seconds): Seconds => seconds(Math.max(timeShift, LATENESS));

/**
 * How long from `now` until the segment leaves the time-shift window; negative when it has.
 * @param timeShift depth of the time-shift buffer
 */
export function timeInWindow(
  number: SegmentNumber,
  now: Seconds,
  segmentDuration: Seconds,
  timeShift: Seconds,
): Seconds {
  const end = secondsOfTicks(segmentStart(number, segmentDuration)) + segmentDuration;
  return seconds(end + windowAfterEnd(timeShift) - now);
}

/** Whether a segment can exist by the clock. Only `possible` ones are worth asking an object for. */
export type Admission =
  | { readonly verdict: 'possible' }
  | { readonly verdict: 'too early'; readonly by: Seconds }
  | { readonly verdict: 'too late'; readonly by: Seconds };

/** @param timeShift depth of the time-shift buffer */
export function admit(number: SegmentNumber, now: Seconds, segmentDuration: Seconds, timeShift: Seconds): Admission {
  const start = secondsOfTicks(segmentStart(number, segmentDuration));
  const early = start - now - (segmentDuration + LATENESS);
  if (early > 0) return { verdict: 'too early', by: seconds(early) };
  const left = timeInWindow(number, now, segmentDuration, timeShift);
  if (left < 0) return { verdict: 'too late', by: seconds(-left) };
  return { verdict: 'possible' };
}
