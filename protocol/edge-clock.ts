import { milliseconds, type Milliseconds } from './units.ts';

/**
 * How far the clock of the edge is ahead of one that never steps. Pure.
 *
 * Each answer of the edge that tells its time bounds it: the edge's clock showed that at some moment between question
 * and answer. Bounds of several answers hold at once, so they narrow; with age they widen, as no two clocks go alike;
 * and where they contradict each other somebody has set the edge's clock, and the newest counts alone.
 */
export interface Bounds {
  /** When these held, by the clock that never steps. */
  readonly at: Milliseconds;
  readonly least: Milliseconds;
  readonly most: Milliseconds;
}

/** One answer that told the time of the edge. */
export interface Sighting {
  /** By the clock that never steps. */
  readonly asked: Milliseconds;
  readonly answered: Milliseconds;
  /** By the edge's. */
  readonly told: Milliseconds;
  /** What was told is cut to whole such units: 1000 of the header `Date`. */
  readonly unit: Milliseconds;
}

/** By which two clocks may go apart: 100 ppm, as bad as quartz is. */
const DRIFT = 1e-4;

/** @param before undefined where nothing is known yet */
export function sighted(before: Bounds | undefined, { asked, answered, told, unit }: Sighting): Bounds {
  const [least, most] = [told - answered, told + unit - asked];
  const seen = { at: answered, least: milliseconds(least), most: milliseconds(most) };
  if (before === undefined) return seen;
  const widened = boundsAt(before, answered);
  const both = {
    at: answered,
    least: milliseconds(Math.max(least, widened.least)),
    most: milliseconds(Math.min(most, widened.most)),
  };
  return both.least <= both.most ? both : seen;
}

/** As they are by then. */
export function boundsAt({ at, least, most }: Bounds, now: Milliseconds): Bounds {
  const drift = DRIFT * Math.max(0, now - at);
  return { at: now, least: milliseconds(least - drift), most: milliseconds(most + drift) };
}

/** The likeliest: in the middle. */
export const ahead = ({ least, most }: Bounds): Milliseconds => milliseconds((least + most) / 2);
