import { seconds } from '../../protocol/units.ts';
import { monthlyBill } from './bill.ts';
import type { Deployment, Way } from './deployment.ts';

/** What would make a deployment cheaper. */
export interface Lever {
  /** As one would set it. */
  readonly change: string;
  /** Dollars a month. */
  readonly saves: number;
}

const SHORT_TIME_SHIFT = seconds(4);
const LONG_SEGMENTS = seconds(4);

/** Those that save something, most first. Longer segments cost no latency: a player gets each fragment as it is made. */
export function leversOf(deployment: Deployment, way: Way): Lever[] {
  const { timeShift, segmentDuration, qualities, alwaysOn } = deployment;
  const [shorter, longer] = [`"timeShift": ${SHORT_TIME_SHIFT}`, `"segmentDuration": ${LONG_SEGMENTS}`];
  const [canShorten, canLengthen] = [timeShift > SHORT_TIME_SHIFT, segmentDuration < LONG_SEGMENTS];
  const changes: (readonly [change: string, deployment: Deployment])[] = [];
  const changed = { ...deployment, timeShift: SHORT_TIME_SHIFT, segmentDuration: LONG_SEGMENTS };
  if (canShorten) changes.push([shorter, { ...changed, segmentDuration }]);
  if (canLengthen) changes.push([longer, { ...changed, timeShift }]);
  if (canShorten && canLengthen) changes.push([`${shorter}, ${longer}`, changed]);
  if (qualities > 1) changes.push(['one quality', { ...deployment, qualities: 1 }]);
  if (alwaysOn) changes.push(['"alwaysOn": false', { ...deployment, alwaysOn: false }]);
  const now = monthlyBill(deployment, way);
  return changes
    .map(([change, cheaper]) => ({ change, saves: now - monthlyBill(cheaper, way) }))
    .filter(({ saves }) => saves >= 0.01)
    .toSorted((a, b) => b.saves - a.saves);
}
