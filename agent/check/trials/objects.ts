import { ask } from '../edge-request.ts';
import { median } from '../median.ts';
import { Probe, within } from '../probe.ts';
import { advised, gradeOf, ms, type Trial, type Verdict } from './trial.ts';

/** How long an object takes that nobody has used before: every segment has one. */
const ROUNDS = 5;
const PATIENCE_MS = 30_000;
/** Objects are made two seconds before they are needed; half of that is for the PUT's way. */
const NEW = { poor: 500, broken: 2000 };
/** What is known is not looked for again. */
const KNOWN = { poor: 150 };

export const newObjects: Trial = {
  name: 'new objects',
  kind: 'brief',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    const { clock } = asking;
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const from = clock.monotonic();
      await work();
      return clock.monotonic() - from;
    };
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const probe = new Probe(limited, stream);
      rounds.push({
        without: await timed(() => ask(limited, '/version')),
        first: await timed(() => probe.put(Uint8Array.of(1))),
        second: await timed(() => probe.status()),
      });
    }
    return objectsVerdict(rounds);
  },
};

/** How long requests took, in milliseconds. */
export interface Round {
  /** That ask no object. */
  readonly without: number;
  /** The first and the second for one object. */
  readonly first: number;
  readonly second: number;
}

/** Pure. */
export function objectsVerdict(rounds: readonly Round[]): Verdict {
  const without = Math.min(...rounds.map((round) => round.without));
  const [first, slowest] = [median, (values: number[]) => Math.max(...values)].map((of) =>
    Math.max(0, of(rounds.map((round) => round.first)) - without),
  ) as [number, number];
  const second = Math.max(0, median(rounds.map((round) => round.second)) - without);
  const grades = [gradeOf(slowest, NEW.poor, NEW.broken), gradeOf(second, KNOWN.poor)] as const;
  const grade = grades.includes('broken') ? 'broken' : grades.includes('poor') ? 'poor' : 'good';
  const says = `an object's first use takes ${ms(first)} ms more than a request without (at most ${ms(slowest)}), its second ${ms(second)}`;
  const figures = { firstMs: ms(first), slowestMs: ms(slowest), secondMs: ms(second) };
  return { grade, says: advised(grade, says, ADVICE), figures };
}

const ADVICE =
  'longer segments need fewer objects ("segmentDuration": 4); if it stays so, the data centre that the agent reaches is far from where the platform has objects';
