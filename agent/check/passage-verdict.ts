import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { about, type Finding } from './finding.ts';
import { median } from './median.ts';

/** A segment's way to the edge and back, piece by piece. */
export interface Passage {
  readonly written: readonly Milliseconds[];
  readonly arrived: readonly Milliseconds[];
  /** When it was known here that the edge had seen the PUT begin. */
  readonly opened: Milliseconds;
  /** Between two pieces. */
  readonly gap: Milliseconds;
}

export type PassageVerdict =
  | { readonly kind: 'streams'; readonly added: Milliseconds }
  /** Somewhere bytes wait for others. */
  | {
      readonly kind: 'buffered';
      readonly side: 'request' | 'response';
      /** Until the end of the body, or only until there are more. */
      readonly whole: boolean;
      /** How much later the first piece came than it could have. */
      readonly late: Milliseconds;
    };

/** Pure. A slow way is not a buffer: what counts is whether pieces waited for later ones. */
export function verdictOf({ written, arrived, opened, gap }: Passage): PassageVerdict {
  const delays = arrived.map((time, piece) => time - (written[piece] ?? NaN));
  const late = (delays[0] ?? NaN) - Math.min(...delays);
  if (late < 1.5 * gap) return { kind: 'streams', added: milliseconds(median(delays)) };
  const [begun = NaN, end = NaN] = [written[0], written.at(-1)];
  return {
    kind: 'buffered',
    side: opened - begun < Math.min(...delays) + 1.5 * gap ? 'response' : 'request',
    whole: (arrived[0] ?? NaN) >= end,
    late: milliseconds(late),
  };
}

export function passageFinding(verdict: PassageVerdict): Finding {
  const finding = about('way', 'way');
  switch (verdict.kind) {
    case 'streams': {
      const figures = { streams: true, addedMs: Math.round(verdict.added) };
      return finding.fine(
        `request and response bodies stream to the edge and back: ${Math.round(verdict.added)} ms from write to read (p50)`,
        figures,
      );
    }
    case 'buffered': {
      const { side, whole, late } = verdict;
      const figures = { streams: false, side, whole, lateMs: Math.round(late) };
      const what = `${side} bodies are buffered ${whole ? 'whole' : 'in part'} on the way: the first byte came ${Math.round(late)} ms late`;
      const sentence = `${what}: ${REMEDIES[side]}`;
      return whole ? finding.broken(sentence, figures) : finding.warning(sentence, figures);
    }
  }
}

const REMEDIES = {
  request:
    'let the proxy pass them on as they come (nginx: "proxy_request_buffering off; proxy_http_version 1.1;"; Cloudflare: a Configuration Rule that sets request body buffering to none)',
  response:
    'let the proxy pass them on as they come (nginx: "proxy_buffering off;"; Cloudflare: no caching or rewriting of these paths)',
} as const;
