import type { StreamDescription } from '../protocol/description.ts';
import { admit } from '../protocol/epoch.ts';
import type { SegmentNumber } from '../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { ProblemError } from './errors.ts';

/** @throws ProblemError for a segment that the clock rules out: no object is made for it */
export function demandPossible(number: SegmentNumber, description: StreamDescription, now: Milliseconds): void {
  const admission = admit(number, secondsOfMilliseconds(now), description.segmentDuration, description.timeShift);
  switch (admission.verdict) {
    case 'possible':
      return;
    case 'too early':
      throw new ProblemError({ kind: 'segment too early', by: admission.by });
    case 'too late':
      throw new ProblemError({ kind: 'segment too late', by: admission.by });
  }
}
