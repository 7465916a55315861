import { milliseconds, type Seconds } from '../../../protocol/units.ts';
import { messageOf } from '../../errors.ts';
import { pause, Probe, within } from '../probe.ts';
import { advised, gradeOf, ms, type Trial, type Verdict } from './trial.ts';

/** Whether a GET may come before what it asks for: players ask for the next segment early, and are held. */
const PATIENCE_MS = 5000;

export const holding = (time: Seconds, kind: 'brief' | 'long'): Trial => ({
  name: `holding for ${time} s`,
  kind,
  run: async (asking, stream) => {
    const wait = milliseconds(1000 * time);
    using limited = within(asking, wait + PATIENCE_MS);
    const { clock } = asking;
    const probe = new Probe(limited, stream);
    const held = async (): Promise<number> => {
      const answer = await probe.get();
      const answered = clock.monotonic();
      await answer.body.dump();
      return answered;
    };
    const write = async (): Promise<number> => {
      await pause(limited, wait);
      const begun = clock.monotonic();
      await probe.put(Uint8Array.of(1));
      return begun;
    };
    const [answered, begun] = await Promise.allSettled([held(), write()]);
    asking.signal.throwIfAborted();
    if (begun.status === 'rejected') throw begun.reason;
    if (answered.status === 'rejected') return cutOff(time, messageOf(answered.reason));
    return heldVerdict(time, answered.value - begun.value);
  },
});

/** Pure. @param after how long after the PUT had begun the answer came */
export function heldVerdict(time: Seconds, after: number): Verdict {
  const grade = after < 0 ? 'broken' : gradeOf(after, 1000);
  const says = `a GET that comes ${time} s early is answered ${ms(after)} ms after its PUT begins`;
  return { grade, says: advised(grade, says, ADVICE), figures: { heldS: time, answeredMs: ms(after) } };
}

const cutOff = (time: Seconds, why: string): Verdict => ({
  grade: 'broken',
  says: `a GET that comes ${time} s early is cut off (${why}): ${ADVICE}`,
  figures: { heldS: time },
});

const ADVICE =
  'let what is between wait for answers (nginx: "proxy_read_timeout 60s;"); segments shorter than what it waits for help too';
