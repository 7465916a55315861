import type { Deployment } from '../cost/deployment.ts';
import { estimate } from '../cost/estimate.ts';
import { report } from '../cost/report.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints what a deployment at Cloudflare would cost, and what it would hold. Looks at nothing and asks nobody. */
export function printCost(
  { json, ...deployment }: Deployment & { readonly json: boolean },
  { print }: Surroundings,
): void {
  const all = estimate(deployment);
  for (const line of json ? [JSON.stringify(all, null, 2)] : report(all)) print(line);
}
