import { milliseconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';
import { about, type Finding } from './finding.ts';

/** One look at the edge's clock. */
export interface ClockSample {
  readonly asked: Milliseconds;
  readonly roundTrip: Milliseconds;
  /** What it said. */
  readonly told: Milliseconds;
}

/** How far a clock is ahead of this machine's, give or take. */
export interface ClockDifference {
  readonly ahead: Milliseconds;
  readonly uncertainty: Milliseconds;
}

/** As NTP does it: the quickest answer tells best, and was made half way. */
export function differenceOf(samples: readonly ClockSample[]): ClockDifference | undefined {
  const [best] = samples.toSorted((a, b) => a.roundTrip - b.roundTrip);
  if (best === undefined) return undefined;
  const half = best.roundTrip / 2;
  return { ahead: milliseconds(best.told - (best.asked + half)), uncertainty: milliseconds(half) };
}

/** From here on a difference is felt: players are that much nearer to, or farther from, what is live. */
const FELT_MS = 100;
/** From here on requests come too early or too late for the edge. */
const TOO_MUCH_MS = 2000;

/** @param displacement by how much the clock of the edge is meant to be late */
export function clockFinding({ ahead, uncertainty }: ClockDifference, displacement: Seconds): Finding {
  const finding = about('clock', 'clock');
  const meant = -1000 * displacement;
  const off = ahead - meant;
  const figures = {
    aheadMs: Math.round(ahead),
    uncertaintyMs: Math.round(uncertainty),
    timeDisplacementS: displacement,
  };
  const amount = (value: number): string =>
    Math.abs(value) < 1000 ? `${Math.round(Math.abs(value))} ms` : `${(Math.abs(value) / 1000).toFixed(2)} s`;
  const said = `the edge's clock is ${amount(ahead)} ${ahead < 0 ? 'behind' : 'ahead of'} this machine's (± ${amount(uncertainty)})`;
  if (Math.abs(off) - uncertainty <= FELT_MS) {
    return finding.fine(displacement === 0 ? said : `${said}, as "timeDisplacement" says`, figures);
  }
  if (displacement !== 0 && Math.abs(ahead) - uncertainty <= FELT_MS) {
    return finding.warning(
      `${said}, so "timeDisplacement" has no effect: it is for the embedded edge; set TIME_DISPLACEMENT at this one`,
      figures,
    );
  }
  const remedy =
    displacement === 0
      ? 'set this machine by NTP (a TIME_DISPLACEMENT at the edge looks the same, and is no fault)'
      : `"timeDisplacement" says ${displacement} s behind; set this machine by NTP`;
  return Math.abs(off) - uncertainty < TOO_MUCH_MS
    ? finding.warning(`${said}, and latency is off by that: ${remedy}`, figures)
    : finding.broken(`${said}, and segments count as too early or too late: ${remedy}`, figures);
}

/** The answer of `/isotime`; undefined when it is something else. */
export function parseIsoTime(text: string): Milliseconds | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/.test(text.trim())) return undefined;
  const time = Date.parse(text.trim());
  return Number.isNaN(time) ? undefined : milliseconds(time);
}
