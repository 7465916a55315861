import type { Seconds } from '../../protocol/units.ts';

/** What stands in the attributes of a manifest. */

/** Everything is counted from here: media time 0 of every stream. */
export const EPOCH = '1970-01-01T00:00:00Z';

/** Seen from the manifest: whatever path the edge is below, and whatever it is called there. */
export const CLOCK = '../isotime';

export const utcTiming = (url: string): object => ({
  '@schemeIdUri': 'urn:mpeg:dash:utc:http-xsdate:2014',
  '@value': url,
});

export const decimal = (value: number): string => String(Number(value.toFixed(3)));
export const duration = (value: Seconds): string => `PT${decimal(value)}S`;

/** ISO/IEC 23009-1, FrameRateType: a ratio where it is no whole number. */
export const frameRate = (value: number): string =>
  Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}/1000`;

export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
