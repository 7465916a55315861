import { milliseconds, type Milliseconds } from '../../../protocol/units.ts';
import { messageOf } from '../../errors.ts';
import { Probe, within, type Pieces, type Times } from '../probe.ts';
import { advised, gradeOf, ms, type Trial, type Verdict } from './trial.ts';

/** Whether a PUT may last as long as a segment does. */
const PACE: Pieces = { count: 41, bytes: 1000, gap: milliseconds(1000) };
const PATIENCE_MS = 60_000;

export const longPut: Trial = {
  name: 'a PUT of 40 s',
  kind: 'long',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    const probe = new Probe(limited, stream);
    const written: Milliseconds[] = [];
    // What has come counts, also where it ends before its time.
    const [read, put] = await Promise.allSettled([probe.read(PACE), probe.put(probe.pieces(PACE, written))]);
    asking.signal.throwIfAborted();
    const [first = NaN, last = NaN] = [written[0], written.at(-1)];
    const lasted = (last - first) / 1000;
    if (put.status === 'rejected') return cutOff(`the PUT after ${ms(lasted)} s`, messageOf(put.reason), lasted);
    if (read.status === 'rejected') return cutOff('the GET', messageOf(read.reason), lasted);
    return longPutVerdict(written, read.value);
  },
};

/** Pure. */
export function longPutVerdict(written: Times, arrived: Times): Verdict {
  if (arrived.length < written.length) {
    return cutOff('the GET', `of ${written.length} pieces ${arrived.length} came`, written.length);
  }
  const delays = arrived.map((time, piece) => time - (written[piece] ?? NaN));
  const latest = Math.max(...delays) - Math.min(...delays);
  const grade = gradeOf(latest, 1000);
  const says = `a PUT of ${written.length - 1} s comes through, and each piece within ${ms(Math.max(...delays))} ms`;
  return { grade, says: advised(grade, says, UNSTEADY), figures: { latestMs: ms(latest), lasts: true } };
}

const UNSTEADY = 'something on the way collects bytes now and then, or the line is unsteady';

const cutOff = (what: string, why: string, lasted: number): Verdict => ({
  grade: 'broken',
  says: `a PUT of 40 s does not come through: ${what} ends (${why}): let what is between wait for longer bodies (nginx: "client_body_timeout 120s; proxy_send_timeout 120s; proxy_read_timeout 120s;"), or keep "segmentDuration" shorter`,
  figures: { lasts: false, lastedS: Number.isFinite(lasted) ? ms(lasted) : 0 },
});
