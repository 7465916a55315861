import { windowAfterEnd } from '../../protocol/epoch.ts';
import type { Deployment, Way } from './deployment.ts';
import { ISOLATE_BYTES, OBJECT_REQUESTS_PER_SECOND } from './prices.ts';
import { questionsOf, readersOf } from './usage.ts';

/** Where the platform's limits bite. */
export interface Limit {
  readonly name: string;
  /** How much of it a deployment uses: past 1 it bites. */
  readonly share: (deployment: Deployment, way: Way) => number;
}

export const LIMITS: readonly Limit[] = [
  {
    // All who watch ask for a segment at once, when the one before ends.
    name: 'GETs of one segment, 1,000 a second',
    share: (deployment, way) => readersOf(deployment, way) / OBJECT_REQUESTS_PER_SECOND,
  },
  {
    name: 'questions to one Stream object, 1,000 a second',
    share: (deployment, way) => questionsOf(deployment, way) / OBJECT_REQUESTS_PER_SECOND,
  },
];

export interface Nearest {
  readonly name: string;
  readonly share: number;
}

/** The limit that a deployment is nearest to, or furthest past. */
export const nearestLimit = (deployment: Deployment, way: Way): Nearest =>
  LIMITS.map(({ name, share }) => ({ name, share: share(deployment, way) })).reduce((most, each) =>
    each.share > most.share ? each : most,
  );

/** More viewers than any deployment has; a limit that holds that many does not bite. */
const ALL_VIEWERS = 1e9;

/** Viewers of one camera up to which a limit holds; infinite where it holds any. */
export function holdsUpTo(limit: Limit, deployment: Deployment, way: Way): number {
  const share = (viewers: number): number => limit.share({ ...deployment, cameras: 1, watched: 1, viewers }, way);
  if (share(ALL_VIEWERS) <= 1) return Infinity;
  let [holds, bites] = [0, ALL_VIEWERS];
  while (bites - holds > 1) {
    const middle = Math.floor((holds + bites) / 2);
    if (share(middle) <= 1) holds = middle;
    else bites = middle;
  }
  return holds;
}

/**
 * Representations whose segments fit into one isolate, if the platform puts them all there. Half of the block of the one
 * that is being made can be room to grow.
 */
export const representationsPerIsolate = ({ bitrate, segmentDuration, timeShift }: Deployment): number =>
  Math.floor(ISOLATE_BYTES / (((bitrate * 1000) / 8) * (2 * segmentDuration + windowAfterEnd(timeShift))));
