/**
 * How fast to play to get from a latency to the target: a rate that eyes do not notice, in proportion to what is left,
 * and exactly 1 when it is there. Pure; in milliseconds.
 */
const FASTEST = 0.06;
const SLOWEST = 0.06;
/** A correction goes on until it is this near, and begins when it is three times as far. */
const THERE_MS = 3;
const AWAY_MS = 10;
/** Of what is left, in a second. */
const SHARE = 0.8;

export function paceOf(latencyMs: number, targetMs: number, rate: number): number {
  const late = latencyMs - targetMs;
  if (Math.abs(late) < (rate === 1 ? AWAY_MS : THERE_MS)) return 1;
  const wanted = 1 + Math.min(Math.max((SHARE * late) / 1000, -SLOWEST), FASTEST);
  // Small steps only: each change costs the browser something.
  return Math.round(wanted * 200) / 200;
}
