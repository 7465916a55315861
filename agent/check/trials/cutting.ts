import { authorization } from '../../upload/edge.ts';
import { USER_AGENT } from '../../upload/user-agent.ts';
import type { StreamName } from '../../../protocol/names.ts';
import { milliseconds } from '../../../protocol/units.ts';
import type { Asking } from '../edge-request.ts';
import { Probe, within } from '../probe.ts';
import { openPut, type Cut } from './raw-put.ts';
import type { Trial, Verdict } from './trial.ts';

/** Whether a PUT that is cut off in the middle of its body is taken for a whole one: then viewers miss the rest. */
const CUTS: readonly Cut[] = ['FIN', 'RST', 'HTTP/2 reset'];
const PIECE = 'a piece of a segment that is never whole';
/** Longer than the edge waits for more of it, and then for it to be sent again. */
const PATIENCE = milliseconds(22_000);

export const cutting: Trial = {
  name: 'PUTs that are cut off',
  kind: 'long',
  run: async (asking, stream) => {
    const outcomes = await Promise.all(CUTS.map((how) => outcomeOf(how, asking, stream)));
    return cuttingVerdict(outcomes.filter((outcome) => outcome !== undefined));
  },
};

/** What became of the GET of a PUT that was cut. */
export interface CutOutcome {
  readonly how: Cut;
  /** `whole`: it ended as if nothing were missing, or one that came later did. */
  readonly seen: 'failed' | 'whole' | 'still open';
}

async function outcomeOf(how: Cut, asking: Asking, stream: StreamName): Promise<CutOutcome | undefined> {
  using limited = within(asking, PATIENCE);
  const probe = new Probe(limited, stream);
  const headers = { ...(await authorization(asking.edge)), 'user-agent': USER_AGENT, 'content-type': 'video/mp4' };
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
    if (limited.signal.aborted) return { how, seen: 'still open' };
    return { how, seen: (await probe.status()) === 200 ? 'whole' : 'failed' };
  }
  return { how, seen: 'whole' };
}

/** Pure. */
export function cuttingVerdict(outcomes: readonly CutOutcome[]): Verdict {
  const by = (seen: CutOutcome['seen']): string[] => outcomes.filter((one) => one.seen === seen).map(({ how }) => how);
  const figures = Object.fromEntries(outcomes.map(({ how, seen }) => [how, seen]));
  const [whole, open] = [by('whole'), by('still open')];
  if (whole.length > 0) {
    return {
      grade: 'broken',
      says: `a PUT that is cut off by ${whole.join(' or ')} looks whole to viewers: have what is between break off towards the edge, too, when an encoder does`,
      figures,
    };
  }
  if (open.length > 0) {
    return {
      grade: 'poor',
      says: `a PUT that is cut off by ${open.join(' or ')} keeps its viewers waiting for more than ${PATIENCE / 1000} s: have what is between close its connection to the edge when an encoder's is closed`,
      figures,
    };
  }
  return { grade: 'good', says: `a PUT that is cut off (${by('failed').join(', ')}) never looks whole`, figures };
}
