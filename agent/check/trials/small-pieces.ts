import { milliseconds } from '../../../protocol/units.ts';
import { median } from '../median.ts';
import type { Passage } from '../passage-verdict.ts';
import { tryPassage } from '../passage.ts';
import type { Pieces } from '../probe.ts';
import { advised, gradeOf, ms, type Trial, type Verdict } from './trial.ts';

/** Whether pieces smaller than a packet wait for others: what low bitrates and sound are made of. */
const SMALL: Pieces = { count: 15, bytes: 200, gap: milliseconds(100) };
/** A hiccup of the network is none the second time. */
const ATTEMPTS = 2;

export const smallPieces: Trial = {
  name: 'small pieces',
  kind: 'brief',
  run: async (asking, stream) => {
    let best: Verdict | undefined;
    for (let attempt = 0; attempt < ATTEMPTS && best?.grade !== 'good'; attempt += 1) {
      const verdict = smallPiecesVerdict(await tryPassage(asking, stream, SMALL));
      if (best === undefined || Number(verdict.figures['lateMs']) < Number(best.figures['lateMs'])) best = verdict;
    }
    return best;
  },
};

/** Pure. What collects pieces delays all but the last of each collection. */
export function smallPiecesVerdict({ written, arrived, gap }: Passage): Verdict {
  const delays = arrived.map((time, piece) => time - (written[piece] ?? NaN));
  const late = median(delays) - Math.min(...delays);
  const isWhole = (arrived[0] ?? NaN) >= (written.at(-1) ?? NaN);
  const grade = isWhole ? 'broken' : gradeOf(late, gap / 2);
  const says = `pieces of ${SMALL.bytes} bytes, ${ms(gap)} ms apart, come back ${
    grade === 'good'
      ? `as they were sent, after ${ms(median(delays))} ms`
      : `collected, ${ms(late)} ms later than need be`
  }`;
  return { grade, says: advised(grade, says, ADVICE), figures: { lateMs: ms(late), delayMs: ms(median(delays)) } };
}

const ADVICE =
  'turn off what collects bytes on the way (compression, inspection, buffering), there and back; larger fragments suffer less ("fragmentDuration", bitrate)';
