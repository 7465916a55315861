import { PROBE_WINDOW } from '../../../protocol/probe.ts';
import { milliseconds } from '../../../protocol/units.ts';
import { pause, Probe, within } from '../probe.ts';
import type { Trial, Verdict } from './trial.ts';

/** How long a complete segment stays that nobody asks for: its object keeps itself, by a timer. */
const LOOKS_S = [12, 25, 40, PROBE_WINDOW - 5] as const;
const PATIENCE_MS = 75_000;

export const staying: Trial = {
  name: `a segment kept for ${Math.max(...LOOKS_S)} s`,
  kind: 'long',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    // One for each look, which would keep it too.
    const looks = LOOKS_S.map(async (time) => {
      const probe = new Probe(limited, stream);
      await probe.put(Uint8Array.of(1));
      await pause(limited, milliseconds(1000 * time));
      return { time, isThere: (await probe.status()) === 200 };
    });
    return stayingVerdict(await Promise.all(looks));
  },
};

/** Pure. @param looks for how long in seconds nobody had asked, and whether it was there */
export function stayingVerdict(looks: readonly { readonly time: number; readonly isThere: boolean }[]): Verdict {
  const gone = looks.filter(({ isThere }) => !isThere).map(({ time }) => time);
  const stays = Math.max(0, ...looks.filter(({ time }) => time < Math.min(...gone)).map(({ time }) => time));
  const figures = { staysS: stays };
  if (gone.length === 0)
    return { grade: 'good', says: `a complete segment stays, ${stays} s without being asked for`, figures };
  return {
    grade: stays === 0 ? 'broken' : 'poor',
    says: `a complete segment is gone after ${Math.min(...gone)} s without being asked for: deploy with the compatibility date of wrangler.toml (2026-10-01 or later), and not while somebody watches: a deployment resets objects`,
    figures,
  };
}
