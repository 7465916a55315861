import { segmentStart } from '../../protocol/epoch.ts';
import { segmentNumber, type SegmentNumber } from '../../protocol/names.ts';
import {
  seconds,
  secondsOfMilliseconds,
  secondsOfTicks,
  type Milliseconds,
  type Seconds,
} from '../../protocol/units.ts';
import { behind } from '../behind.ts';
import type { Env } from '../env.ts';
import type { Place } from './place.ts';
import { segmentOf } from './stub.ts';

/**
 * Objects of segments are made before they are needed. Who uses a name first waits while the platform looks for it all over
 * the world, up to a few hundred milliseconds, and who is first in another data centre waits too.
 *
 * An object stays where it was first asked for, and that should be near the camera: so a PUT makes the next one and those
 * of the two seconds after it, and a viewer touches the next one only when a PUT must have made it.
 *
 *     n + 1 made by a PUT          touched by GETs of n          n + 1 is asked for
 *     ───┼───────────────────────────────┼────────────┼─────────────────┼──────────▶
 *      −2 s                            −1 s       n begins         n + 1 begins
 */
const AHEAD = seconds(2);
/** Half of it: PUTs are under way for a while. */
const TOUCHED_AHEAD = seconds(1);

/** What this isolate has asked for already, by name; the oldest goes first. */
const asked = new Set<string>();
const MAX_ASKED = 5000;

/** For whoever PUTs a segment. */
export function makeNext(
  env: Env,
  context: Pick<ExecutionContext, 'waitUntil'>,
  { number, ...of }: Place,
  segmentDuration: Seconds,
): void {
  const last = number + 1 + Math.ceil(AHEAD / segmentDuration);
  for (let next = number + 1; next <= last; next += 1) once(env, context, { ...of, number: segmentNumber(next) });
}

/** Whether the object of the segment behind this one must have been made by a PUT. */
export const isNextMade = (number: SegmentNumber, now: Milliseconds, segmentDuration: Seconds): boolean =>
  secondsOfMilliseconds(now) >= secondsOfTicks(segmentStart(number, segmentDuration)) - TOUCHED_AHEAD;

/** For whoever GETs a segment. */
export const touchNext = (env: Env, context: Pick<ExecutionContext, 'waitUntil'>, { number, ...of }: Place): void =>
  once(env, context, { ...of, number: segmentNumber(number + 1) });

function once(env: Env, context: Pick<ExecutionContext, 'waitUntil'>, place: Place): void {
  const { stream, representation, number } = place;
  const name = `${stream}/${representation}/${number}`;
  if (asked.has(name)) return;
  asked.add(name);
  if (asked.size > MAX_ASKED) for (const oldest of asked.values().take(1)) asked.delete(oldest);
  behind(context, segmentOf(env, stream, representation, number).prepare());
}
