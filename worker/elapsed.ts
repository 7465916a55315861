import { milliseconds, type Milliseconds } from '../protocol/units.ts';

/** Requests that are under way at one time took their looks at the clock in any order. */
const AT_ONE_TIME = 1000;

/**
 * How long ago `then` was. A Worker has no clock but the wall clock (its `performance.now()` is the same one), which
 * steps when somebody sets it: what lies ahead of `now` was nobody knows how long ago, so for ever. What something is
 * good for is then at most twice as long as was meant.
 */
export const elapsed = (then: Milliseconds, now: Milliseconds): Milliseconds =>
  then - now > AT_ONE_TIME ? milliseconds(Infinity) : milliseconds(Math.max(0, now - then));
