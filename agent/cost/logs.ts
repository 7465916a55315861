import { DAYS_PER_MONTH } from './bill.ts';
import type { Deployment, Way } from './deployment.ts';
import { LOG_EVENTS } from './prices.ts';
import { dailyUsage } from './usage.ts';

/** Of all calls, those whose errors are logged: `head_sampling_rate` in wrangler.toml. */
export const SAMPLED = 0.01;

/** What the platform's log costs, in US dollars a month; it is no part of the bill. */
export interface Logs {
  /** As wrangler.toml has it: if every call that is sampled has an error. */
  readonly atMost: number;
  /** If every call were logged. */
  readonly ofAllCalls: number;
}

/** An event for each call of the Worker and of an object, by HTTP or RPC. */
export function logsOf(deployment: Deployment, way: Way): Logs {
  const { workerRequests, objectRequests } = dailyUsage(deployment, way);
  const calls = (workerRequests + objectRequests) * DAYS_PER_MONTH;
  const dollars = (events: number): number => (Math.max(0, events - LOG_EVENTS.included) / 1e6) * LOG_EVENTS.perMillion;
  return { atMost: dollars(calls * SAMPLED), ofAllCalls: dollars(calls) };
}
