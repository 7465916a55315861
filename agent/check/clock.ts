import { ahead, type Bounds } from '../../protocol/edge-clock.ts';
import { milliseconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';
import { about, type Finding } from './finding.ts';

/** How far the edge's clock is ahead of this machine's, give or take. */
export interface ClockDifference {
  readonly ahead: Milliseconds;
  readonly uncertainty: Milliseconds;
}

/** @param own how far this machine's clock is ahead of the one that the bounds speak of */
export const differenceOf = (bounds: Bounds, own: Milliseconds): ClockDifference => ({
  ahead: milliseconds(ahead(bounds) - own),
  uncertainty: milliseconds((bounds.most - bounds.least) / 2),
});

/** From here on a difference is worth a word. */
const NOTICED_MS = 100;

/**
 * @param told how much less than its time the edge tells players; undefined where it doesn't say
 * @param meant how much less it is to tell them
 */
export function clockFinding(
  { ahead: off, uncertainty }: ClockDifference,
  told: Milliseconds | undefined,
  meant: Seconds,
): Finding {
  const finding = about('clock', 'clock');
  const figures = {
    aheadMs: Math.round(off),
    uncertaintyMs: Math.round(uncertainty),
    ...(told === undefined ? {} : { timeDisplacementS: told / 1000 }),
  };
  const said = `the edge's clock is ${amount(off)} ${off < 0 ? 'behind' : 'ahead of'} this machine's (± ${amount(uncertainty)})`;
  if (Math.abs(off) - uncertainty > NOTICED_MS) {
    return finding.warning(`${said}, and pictures get the edge's time: set this machine by NTP`, figures);
  }
  if (told === undefined || (told === 0 && meant === 0)) return finding.fine(said, figures);
  const less = `players are told ${amount(told)} less`;
  if (told === 1000 * meant) return finding.fine(`${said}; ${less}, as "timeDisplacement" says`, figures);
  if (meant === 0) return finding.fine(`${said}; ${less}, as TIME_DISPLACEMENT at the edge says`, figures);
  return finding.warning(
    `${said}; ${less}, and "timeDisplacement" has no effect, as it is for the embedded edge: set TIME_DISPLACEMENT at this one`,
    figures,
  );
}

const amount = (value: number): string =>
  Math.abs(value) < 1000 ? `${Math.round(Math.abs(value))} ms` : `${(Math.abs(value) / 1000).toFixed(2)} s`;
