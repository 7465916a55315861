import { milliseconds } from '../../../protocol/units.ts';
import { messageOf } from '../../errors.ts';
import { median } from '../median.ts';
import { pause, Probe, within, type Pieces, type Times } from '../probe.ts';
import { advised, gradeOf, ms, type Trial, type Verdict } from './trial.ts';

/** Whether many may ask for a segment at one time, as viewers do when the one before ends. */
const CROWD = 300;
const SENT: Pieces = { count: 5, bytes: 2000, gap: milliseconds(200) };
/** In which all GETs come to wait at the edge. */
const HEAD_START = milliseconds(3000);
const PATIENCE_MS = 30_000;

export const crowd: Trial = {
  name: `${CROWD} GETs at once`,
  kind: 'alone',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    const probe = new Probe(limited, stream);
    const written: Times[number][] = [];
    const put = async (): Promise<void> => {
      await pause(limited, HEAD_START);
      // Nobody needs to wait for what won't come.
      await probe.put(probe.pieces(SENT, written)).catch((error: unknown) => {
        limited[Symbol.dispose]();
        throw error;
      });
    };
    const [sent, ...read] = await Promise.allSettled([put(), ...Array.from({ length: CROWD }, () => probe.read(SENT))]);
    asking.signal.throwIfAborted();
    // When the PUT fails, what they say is only what follows from that.
    const failures = [sent, ...read].filter((one) => one.status === 'rejected').map(({ reason }) => messageOf(reason));
    const arrivals = read.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
    return crowdVerdict(written, arrivals, failures);
  },
};

/** Pure. @param arrivals of each who was not refused. @param failures why the others were, or the PUT */
export function crowdVerdict(written: Times, arrivals: readonly Times[], failures: readonly string[]): Verdict {
  const short = arrivals.filter((one) => one.length < written.length).length;
  const [why] = failures;
  if (failures.length > 0 || short > 0) {
    const lost = Math.min(CROWD, failures.length + short);
    const says = `of ${CROWD} GETs at once ${lost} did not get their segment whole${why === undefined ? '' : ` (${why})`}`;
    return { grade: 'broken', says: `${says}: ${ADVICE}`, figures: { asked: CROWD, lost } };
  }
  const delays = arrivals.map((one) => Math.max(...one.map((time, piece) => time - (written[piece] ?? NaN))));
  const [half, last] = [median(delays), Math.max(...delays)];
  const grade = gradeOf(last, 1500);
  const says = `${CROWD} GETs at once get each piece within ${ms(last)} ms, half of them within ${ms(half)}`;
  return {
    grade,
    says: advised(grade, says, ADVICE),
    figures: { asked: CROWD, lost: 0, medianMs: ms(half), lastMs: ms(last) },
  };
}

const ADVICE =
  'rate limiting rules must not count viewers; for more than a few hundred of them set FAN_OUT = "cache" (docs/scale.md). This line itself may be the limit, too';
