import { CMCD_HEADER_FIELDS, fromCmcdHeaders, fromCmcdQuery, type Cmcd } from '@svta/cml-cmcd';
import type { RequestFigures } from '../../protocol/statistics.ts';

/** Those of a request in which players may say how they do (CTA-5004-B, Header Field Definition). */
export const CMCD_HEADERS: readonly string[] = CMCD_HEADER_FIELDS;

/** What a player says of itself with a request (CMCD, CTA-5004-A and -B), in its query or its headers; nothing where it says nothing. */
export function playerFigures(request: Request): Pick<RequestFigures, 'latency' | 'buffer' | 'bitrate' | 'stalled'> {
  try {
    const cmcd = cmcdOf(request);
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

function cmcdOf({ url, headers }: Request): Cmcd {
  const { searchParams } = new URL(url);
  if (searchParams.has('CMCD')) return fromCmcdQuery(searchParams, { convertToLatest: true });
  const said = CMCD_HEADERS.some((name) => headers.has(name));
  return said ? fromCmcdHeaders(headers, { convertToLatest: true }) : {};
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
