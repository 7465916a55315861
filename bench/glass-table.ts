import type { Look, Outcome } from './glass-run.ts';
import { quantile } from './quantile.ts';

/** A measurement as a line of JSON, and as a line of a table. Times in milliseconds. */
export interface Row extends Look, Omit<Outcome, 'ages'> {
  readonly network: string;
  /** Of the ages. */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly picturesPerSecond: number;
}

export function rowOf(look: Look, network: string, outcome: Outcome): Row {
  const { ages, ...rest } = outcome;
  const sorted = ages.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(quantile(sorted, share));
  return {
    ...look,
    network,
    ...{ p50: at(0.5), p95: at(0.95), max: at(1) },
    ...rest,
    picturesPerSecond: Math.round((10 * (ages.length + rest.unread)) / look.seconds) / 10,
    longestPicture: Math.round(rest.longestPicture),
    stalledFor: Math.round(rest.stalledFor),
    cold: Math.round(rest.cold),
    warm: Math.round(rest.warm),
    idle: Math.round(100 * rest.idle) / 100,
    mediaTimeLater: Math.round(rest.mediaTimeLater),
    aim: rounded(rest.aim),
    believed: rounded(rest.believed),
    kbps: rounded(rest.kbps),
  };
}

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

export const lineOf = (row: Row): object => ({
  what: whatOf(row),
  network: row.network,
  player: row.player,
  target: row.target,
  aim: row.aim,
  believed: row.believed,
  kbps: row.kbps,
  p50: row.p50,
  p95: row.p95,
  stalls: row.stalls === 0 ? '' : `${row.stalls} · ${row.stalledFor} ms`,
  waits: row.waits,
  longest: row.longestPicture,
  'pictures/s': row.picturesPerSecond,
  dropped: row.dropped,
  cold: row.cold,
  warm: row.warm,
  idle: row.idle,
});

/** For each network, stream and player: the lowest target that had no stall. */
export function lowest(rows: readonly Row[]): object[] {
  const series = Map.groupBy(rows, (row) => `${row.network} ${whatOf(row)} ${row.player}`);
  return [...series.values()].map((group) => {
    const [row] = group as [Row];
    const best = group.filter(({ stalls }) => stalls === 0).toSorted((a, b) => a.target - b.target)[0];
    return {
      ...{ network: row.network, what: whatOf(row), player: row.player },
      ...{ lowest: best?.target ?? 'none', p50: best?.p50, p95: best?.p95 },
    };
  });
}

function whatOf({ source, fps, fragment, bitrates, ssrs }: Row): string {
  const qualities = bitrates.length > 1 ? `, ${bitrates.length} qualities` : '';
  return `${source} ${fps} fps, ${Math.round(1000 * fragment)} ms${qualities}${ssrs ? ', SSRS' : ''}`;
}
