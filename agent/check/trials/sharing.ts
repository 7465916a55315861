import { VIEWERS_HEADER } from '../../../protocol/headers.ts';
import { FAN_OUT_HEADER } from '../../../protocol/probe.ts';
import { milliseconds, type Milliseconds } from '../../../protocol/units.ts';
import { verdictOf } from '../passage-verdict.ts';
import { pause, Probe, within, type Pieces, type Times } from '../probe.ts';
import { ms, type Trial, type Verdict } from './trial.ts';

/** With `FAN_OUT = "cache"`: whether those who ask at one time share an answer, and get each piece of it as it comes. */
const READERS = 10;
const SENT: Pieces = { count: 8, bytes: 2000, gap: milliseconds(200) };
const HEAD_START = milliseconds(1000);
const PATIENCE_MS = 20_000;

export const sharing: Trial = {
  name: 'sharing through the cache',
  kind: 'long',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    if (!(await isShared(new Probe(limited, stream)))) return undefined;
    const probe = new Probe(limited, stream);
    const written: Milliseconds[] = [];
    const put = async (): Promise<number> => {
      await pause(limited, HEAD_START);
      const headers = await probe.put(probe.pieces(SENT, written));
      return Number(headers[VIEWERS_HEADER] ?? NaN);
    };
    const readers = Array.from({ length: READERS }, () => probe.read(SENT, 'shared'));
    const [reached, ...arrivals] = await Promise.all([put(), ...readers]);
    return sharingVerdict({ written, arrivals, reached });
  },
};

async function isShared(probe: Probe): Promise<boolean> {
  await probe.put(Uint8Array.of(1));
  const answer = await probe.get();
  await answer.body.dump();
  return answer.headers[FAN_OUT_HEADER] === 'cache';
}

/** Pure. @param outcome.reached how many GETs the object had */
export function sharingVerdict(outcome: {
  readonly written: Times;
  readonly arrivals: readonly Times[];
  readonly reached: number;
}): Verdict {
  const { written, arrivals, reached } = outcome;
  const figures = { readers: arrivals.length, reachedObject: reached };
  const short = arrivals.filter((one) => one.length < written.length).length;
  if (short > 0) {
    const says = `${short} of ${arrivals.length} who shared a segment got it with a gap, or not to its end: ${DIRECT}`;
    return { grade: 'broken', says, figures };
  }
  const verdicts = arrivals.map((arrived) =>
    verdictOf({ written, arrived, opened: written[0] ?? milliseconds(0), gap: SENT.gap }),
  );
  const late = Math.max(...verdicts.map((one) => (one.kind === 'buffered' ? one.late : 0)));
  if (late > 0) {
    const says = `the cache collects pieces, for up to ${ms(late)} ms: ${DIRECT}`;
    return { grade: 'broken', says, figures: { ...figures, lateMs: ms(late) } };
  }
  if (reached > arrivals.length / 3) {
    const says = `of ${arrivals.length} who asked at once ${reached} reached the object, so hardly anybody shares: see that wrangler.toml was deployed as it is (exports, cache), or set FAN_OUT = "direct", which is cheaper then`;
    return { grade: 'poor', says, figures };
  }
  const says = `${arrivals.length} who asked at once shared ${reached === 1 ? 'one answer' : `${reached} answers`}, and got each piece as it came`;
  return { grade: 'good', says, figures };
}

const DIRECT = 'set FAN_OUT = "direct" and see docs/scale.md, «If the cache collects fragments»';
