import { fromCmcdQuery } from '@svta/cml-cmcd';
import type { RequestFigures } from '../../protocol/statistics.ts';

/** What a player says of itself with a request (CMCD in the query, CTA-5004-A and -B); nothing where it says nothing. */
export function playerFigures(
  query: URLSearchParams,
): Pick<RequestFigures, 'latency' | 'buffer' | 'bitrate' | 'stalled'> {
  if (!query.has('CMCD')) return {};
  try {
    const cmcd = fromCmcdQuery(query, { convertToLatest: true });
    return present({
      latency: numberOf(cmcd.ltc),
      buffer: numberOf(cmcd.bl),
      bitrate: numberOf(cmcd.br),
      stalled: cmcd.bs === true ? true : undefined,
    });
  } catch {
    // Not worth refusing a segment for.
    return {};
  }
}

/** CMCD 2 gives lists, of one item for each kind of track, which may carry parameters. */
function numberOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return numberOf(value[0]);
  if (typeof value === 'object' && value !== null && 'value' in value) return numberOf(value.value);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function present<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
