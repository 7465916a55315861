import { viewersPerCamera, type Deployment, type Way } from './deployment.ts';
import { FREE_PLAN, PAID_PLAN, type Rate, type Usage } from './prices.ts';
import { audienceHour, cameraHour, dailyUsage, times } from './usage.ts';

/** What usage costs, in US dollars. */
export const DAYS_PER_MONTH = 30;

/** A month on the paid plan, what is included taken off. */
export const monthlyBill = (deployment: Deployment, way: Way): number =>
  PAID_PLAN.month +
  dollars(times(dailyUsage(deployment, way), DAYS_PER_MONTH), (used, { included }) => Math.max(0, used - included));

/** One camera for a day round the clock, nothing included: what the next one adds. */
export const perCameraDay = (deployment: Deployment): number => dollars(times(cameraHour(deployment), 24));

/** One viewer for an hour, nothing included. */
export const perViewerHour = (deployment: Deployment, way: Way): number =>
  dollars(audienceHour(deployment, way)) / Math.max(1, viewersPerCamera(deployment));

/** What of the free plan's day is used by what is used most of it; up to 1 the deployment costs nothing. */
export function shareOfFreePlan(
  deployment: Deployment,
  way: Way,
): { readonly of: keyof typeof FREE_PLAN; readonly share: number } {
  const usage = dailyUsage(deployment, way);
  const [first, ...others] = (Object.keys(FREE_PLAN) as (keyof typeof FREE_PLAN)[]).map((of) => ({
    of,
    share: usage[of] / FREE_PLAN[of],
  }));
  return others.reduce((most, each) => (each.share > most.share ? each : most), first!);
}

function dollars(usage: Usage, billed: (used: number, rate: Rate) => number = (used) => used): number {
  const meters = Object.entries(PAID_PLAN.rates) as [keyof Usage, Rate][];
  return meters.reduce((total, [meter, rate]) => total + (billed(usage[meter], rate) / 1e6) * rate.perMillion, 0);
}
