import { seconds } from '../protocol/units.ts';
import { ProblemError, type Problem } from './errors.ts';

/** What the platform says of an error of its own, when a call to an object fails: in properties, and once only in words. */
interface ObjectError {
  /** It has more to do than it can: asking again at once makes it worse. */
  readonly overloaded?: boolean;
  /** It was not reached, or was lost on the way. */
  readonly retryable?: boolean;
  /** It was replaced while it was asked: by a deployment, or because its memory was full. */
  readonly durableObjectReset?: boolean;
}

/** Of the account, whose objects are looked up too fast. */
const TOO_MUCH_LOAD = /\bback off and try again later\b/;

/**
 * Whatever a handler threw, as a problem. What the platform says of objects is told as «later»; anything else is a mistake
 * of ours, of which callers learn no more than that.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { overloaded, retryable, durableObjectReset } = (error ?? {}) as ObjectError;
  if (overloaded === true || (error instanceof Error && TOO_MUCH_LOAD.test(error.message))) {
    return { kind: 'try again', why: 'this part of the edge has more to do than it can', after: seconds(2) };
  }
  if (retryable === true || durableObjectReset === true) {
    return { kind: 'try again', why: 'this part of the edge was out of reach for a moment', after: seconds(1) };
  }
  console.error(withoutTokens(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return { kind: 'mistake' };
}

const withoutTokens = (text: string): string => text.replace(/([?&]token=)[^&\s"']+/g, '$1…');
