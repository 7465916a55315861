import { authorization } from '../../upload/edge.ts';
import { USER_AGENT } from '../../upload/user-agent.ts';
import { END_HEADER } from '../../../protocol/headers.ts';
import type { StreamName } from '../../../protocol/names.ts';
import { milliseconds } from '../../../protocol/units.ts';
import type { Asking } from '../edge-request.ts';
import { Probe, within } from '../probe.ts';
import { openPut, type Cut } from './raw-put.ts';
import type { Trial, Verdict } from './trial.ts';

/** Whether a PUT that is cut off in the middle of its body is taken for a whole one: then viewers miss the rest. */
const CUTS: readonly Cut[] = ['FIN', 'RST', 'HTTP/2 reset'];
const PIECE = 'a piece of a segment that is never whole';
const MARK = 'which this would make it';
/** Longer than the edge waits for more of it, and then for it to be sent again. */
const PATIENCE = milliseconds(22_000);

export const cutting: Trial = {
  name: 'PUTs that are cut off',
  kind: 'long',
  run: async (asking, stream) => {
    const each = CUTS.flatMap((how) => [false, true].map((isMarked) => outcomeOf({ how, isMarked }, asking, stream)));
    const outcomes = await Promise.all(each);
    return cuttingVerdict(outcomes.filter((outcome) => outcome !== undefined));
  },
};

/** What became of the GET of a PUT that was cut. */
export interface CutOutcome {
  readonly how: Cut;
  /** Whether the PUT had said how it ends when it is whole, as agents do. */
  readonly isMarked: boolean;
  /** `whole`: it ended as if nothing were missing, or one that came later did. */
  readonly seen: 'failed' | 'whole' | 'still open';
}

async function outcomeOf(
  { how, isMarked }: Omit<CutOutcome, 'seen'>,
  asking: Asking,
  stream: StreamName,
): Promise<CutOutcome | undefined> {
  using limited = within(asking, PATIENCE);
  const probe = new Probe(limited, stream);
  const headers = {
    ...(await authorization(asking.edge)),
    ...{ 'user-agent': USER_AGENT, 'content-type': 'video/mp4' },
    ...(isMarked ? { [END_HEADER]: Buffer.from(MARK).toString('hex') } : {}),
  };
  const held = probe.get();
  // Told below, whatever comes first.
  held.catch(() => {});
  const put = await openPut(how, probe.url, headers, limited.signal);
  if (put === undefined) return undefined;
  put.write(PIECE);
  const { body } = await held;
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (length < PIECE.length && length + chunk.byteLength >= PIECE.length) put.cut();
      length += chunk.byteLength;
    }
  } catch {
    asking.signal.throwIfAborted();
    if (limited.signal.aborted) return { how, isMarked, seen: 'still open' };
    return { how, isMarked, seen: (await probe.status()) === 200 ? 'whole' : 'failed' };
  }
  return { how, isMarked, seen: 'whole' };
}

/** Pure. */
export function cuttingVerdict(outcomes: readonly CutOutcome[]): Verdict {
  const by = (seen: CutOutcome['seen'], of = outcomes): string =>
    [...new Set(of.filter((one) => one.seen === seen).map(({ how }) => how))].join(' or ');
  const figures = Object.fromEntries(
    outcomes.map(({ how, isMarked, seen }) => [isMarked ? `${how}, marked` : how, seen]),
  );
  const marked = by(
    'whole',
    outcomes.filter(({ isMarked }) => isMarked),
  );
  if (marked !== '') {
    return {
      grade: 'broken',
      says: `a PUT that is cut off by ${marked} looks whole to viewers: deploy the version of this agent, and ${BREAK_OFF}`,
      figures,
    };
  }
  const [whole, open] = [by('whole'), by('still open')];
  if (whole !== '') {
    return {
      grade: 'poor',
      says: `a PUT that is cut off by ${whole} looks whole to viewers, unless its encoder says how it ends, as agents do: ${BREAK_OFF}, or let only agents publish`,
      figures,
    };
  }
  if (open !== '') {
    return {
      grade: 'poor',
      says: `a PUT that is cut off by ${open} keeps its viewers waiting for more than ${PATIENCE / 1000} s: have what is between close its connection to the edge when an encoder's is closed`,
      figures,
    };
  }
  return { grade: 'good', says: `a PUT that is cut off by ${by('failed')} never looks whole`, figures };
}

const BREAK_OFF = 'have what is between break off towards the edge when an encoder does';
