import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** How long to wait before a camera is tried again. */
export interface BackOff {
  readonly first: Milliseconds;
  readonly most: Milliseconds;
}

/** Most faults are over soon. */
export const SOON: BackOff = { first: milliseconds(500), most: milliseconds(10_000) };

/** A wrong password stays wrong, and cameras lock out who keeps trying it. */
export const SLOWLY: BackOff = { first: milliseconds(30_000), most: milliseconds(300_000) };

/** Doubles with each failure in a row. @param failures how many there were, this one included */
export const delayAfter = ({ first, most }: BackOff, failures: number): Milliseconds =>
  milliseconds(Math.min(most, first * 2 ** Math.max(0, failures - 1)));
