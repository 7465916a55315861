import { monthlyBill, perCameraDay, perViewerHour, shareOfFreePlan } from './bill.ts';
import { WAYS, type Deployment, type Way } from './deployment.ts';
import { LIMITS, holdsUpTo, nearestLimit, representationsPerIsolate, type Nearest } from './limits.ts';
import { logsOf, type Logs } from './logs.ts';
import { leversOf, type Lever } from './levers.ts';
import type { Usage } from './prices.ts';
import { dailyUsage } from './usage.ts';

/** All that there is to say of one way to run a deployment. Dollars, and uses a day. */
export interface WayEstimate {
  readonly daily: Usage;
  readonly dollarsPerMonth: number;
  readonly dollarsPerViewerHour: number;
  readonly logs: Logs;
  readonly nearestLimit: Nearest;
  /** Viewers of one camera that every limit holds; null for any number. */
  readonly viewersPerCamera: number | null;
  readonly freePlan: ReturnType<typeof shareOfFreePlan>;
}

export interface Estimate {
  readonly deployment: Deployment;
  readonly direct: WayEstimate;
  readonly cache: WayEstimate;
  /** Round the clock. */
  readonly dollarsPerCameraDay: number;
  readonly objectsPerCameraSecond: number;
  readonly representationsPerIsolate: number;
  /** Of the cheaper way. */
  readonly levers: readonly Lever[];
}

export function estimate(deployment: Deployment): Estimate {
  const [direct, cache] = [estimateWay(deployment, 'direct'), estimateWay(deployment, 'cache')];
  return {
    deployment,
    direct,
    cache,
    dollarsPerCameraDay: perCameraDay(deployment),
    objectsPerCameraSecond: deployment.qualities / deployment.segmentDuration,
    representationsPerIsolate: representationsPerIsolate(deployment),
    levers: leversOf(deployment, WAYS[direct.dollarsPerMonth <= cache.dollarsPerMonth ? 0 : 1]),
  };
}

function estimateWay(deployment: Deployment, way: Way): WayEstimate {
  const most = Math.min(...LIMITS.map((limit) => holdsUpTo(limit, deployment, way)));
  return {
    daily: dailyUsage(deployment, way),
    dollarsPerMonth: monthlyBill(deployment, way),
    dollarsPerViewerHour: perViewerHour(deployment, way),
    logs: logsOf(deployment, way),
    nearestLimit: nearestLimit(deployment, way),
    viewersPerCamera: Number.isFinite(most) ? most : null,
    freePlan: shareOfFreePlan(deployment, way),
  };
}
