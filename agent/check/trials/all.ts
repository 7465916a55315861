import { messageOf } from '../../errors.ts';
import type { StreamName } from '../../../protocol/names.ts';
import { seconds } from '../../../protocol/units.ts';
import type { Asking } from '../edge-request.ts';
import { about, type Finding } from '../finding.ts';
import type { Progress } from '../progress.ts';
import { crowd } from './crowd.ts';
import { cutting } from './cutting.ts';
import { earlyHints } from './hints.ts';
import { holding } from './holding.ts';
import { longPut } from './long-put.ts';
import { newObjects } from './objects.ts';
import { sharing } from './sharing.ts';
import { smallPieces } from './small-pieces.ts';
import { staying } from './staying.ts';
import type { Trial } from './trial.ts';

/** What can't be known of an edge elsewhere but by trying. */
const TRIALS: readonly Trial[] = [
  smallPieces,
  newObjects,
  earlyHints,
  holding(seconds(1), 'brief'),
  holding(seconds(3), 'long'),
  holding(seconds(10), 'long'),
  longPut,
  cutting,
  staying,
  sharing,
  crowd,
];

/**
 * The brief ones, or all: of each kind at once, the brief ones first, so that the long ones don't spoil what they measure.
 * @param options.progress is told of each
 */
export async function tryAll(
  asking: Asking,
  stream: StreamName,
  options: { readonly thorough: boolean; readonly progress: Progress },
): Promise<Finding[]> {
  const chosen = TRIALS.filter(({ kind }) => options.thorough || kind === 'brief');
  options.progress.expect(chosen.length);
  const tried = async (trial: Trial): Promise<Finding[]> => {
    options.progress.begin(trial.name);
    const findings = await findingsOf(trial, asking, stream);
    options.progress.end(trial.name, findings[0]?.level ?? 'fine');
    return findings;
  };
  const findings: Finding[][] = [];
  for (const kind of ['brief', 'long', 'alone'] as const) {
    findings.push(...(await Promise.all(chosen.filter((trial) => trial.kind === kind).map(tried))));
  }
  return findings.flat();
}

const LEVELS = { good: 'fine', poor: 'warning', broken: 'broken' } as const;

async function findingsOf(trial: Trial, asking: Asking, stream: StreamName): Promise<Finding[]> {
  const finding = about('trial', trial.name);
  try {
    const verdict = await trial.run(asking, stream);
    if (verdict === undefined) return [];
    const { grade, says, figures } = verdict;
    return [finding[LEVELS[grade]](`${grade}: ${says}`, figures)];
  } catch (error) {
    asking.signal.throwIfAborted();
    return [finding.broken(`broken: it can't be tried: ${messageOf(error)}`)];
  }
}
