import type { StreamName } from '../../../protocol/names.ts';
import type { Asking } from '../edge-request.ts';
import type { Figures } from '../finding.ts';

/** What a trial of an edge has shown, in words that people understand: what it is, and of what is not good what to do. */
export interface Verdict {
  readonly grade: Grade;
  readonly says: string;
  readonly figures: Figures;
}

/** `poor`: it works, but some viewers will notice. `broken`: what depends on it does not work. */
export type Grade = 'good' | 'poor' | 'broken';

/** Something about an edge elsewhere that only trying tells. */
export interface Trial {
  /** For people: what is tried. */
  readonly name: string;
  /**
   * - `brief`: takes two seconds;
   * - `long`: takes up to a minute;
   * - `alone`: would spoil what others measure.
   */
  readonly kind: 'brief' | 'long' | 'alone';
  /**
   * @param stream one for which the token is good
   * @returns undefined where there is nothing to try
   * @throws Error when it can't be tried, which is no good sign
   */
  readonly run: (asking: Asking, stream: StreamName) => Promise<Verdict | undefined>;
}

/** In whole milliseconds. */
export const ms = (time: number): number => Math.round(time);

/** Good up to the first limit, broken from the second on. */
export const gradeOf = (value: number, poorFrom: number, brokenFrom = Infinity): Grade =>
  value < poorFrom ? 'good' : value < brokenFrom ? 'poor' : 'broken';

/** What to do, where something is to be done. */
export const advised = (grade: Grade, says: string, advice: string): string =>
  grade === 'good' ? says : `${says}: ${advice}`;
