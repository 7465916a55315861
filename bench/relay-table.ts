import type { Load, Outcome } from './relay-run.ts';
import { quantile } from './quantile.ts';

/** Measurements as lines of JSON, and the medians of their rounds as a table, with their ratios to the floor. */
export interface Row extends Load {
  readonly target: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly firstP50: number;
  readonly firstP99: number;
  readonly laterP99: number;
  readonly cpuMicroseconds: number;
  readonly residentMb: number;
  readonly deliveries: number;
  readonly errors: number;
}

export function rowOf(target: string, load: Load, outcome: Outcome): Row {
  const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).toSorted();
  const [first, later, all] = [outcome.first, outcome.later, [...outcome.first, ...outcome.later]].map(sorted);
  const at = (values: Float64Array | undefined, share: number): number =>
    round(values?.[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN);
  const deliveries = all?.length ?? 0;
  return {
    target,
    ...load,
    p50: at(all, 0.5),
    p99: at(all, 0.99),
    max: at(all, 1),
    firstP50: at(first, 0.5),
    firstP99: at(first, 0.99),
    laterP99: at(later, 0.99),
    cpuMicroseconds: round((outcome.cpuSeconds * 1e6) / deliveries),
    residentMb: round(outcome.residentMb),
    deliveries,
    errors: outcome.errors.length,
  };
}

const FIGURES = ['p50', 'p99', 'firstP99', 'laterP99', 'cpuMicroseconds', 'residentMb', 'errors'] as const;
const RATIOS = ['p50', 'p99', 'cpuMicroseconds'] as const;

/** One line for each target and load: the medians of its rounds; behind each ratio the floor's median is 1. */
export function table(rows: readonly Row[]): object[] {
  const groups = Map.groupBy(rows, (row) => `${row.target} ${loadOf(row)}`);
  return [...groups.values()].map((group) => {
    const [row] = group as [Row];
    const floor = rows.filter((other) => other.target === 'floor' && loadOf(other) === loadOf(row));
    return {
      target: row.target,
      load: loadOf(row),
      ...Object.fromEntries(FIGURES.map((figure) => [figure, median(group, figure)])),
      ...(floor.length === 0
        ? {}
        : Object.fromEntries(
            RATIOS.map((figure) => [`${figure}/floor`, round(median(group, figure) / median(floor, figure))]),
          )),
    };
  });
}

const loadOf = ({ viewers, bytes, perSecond, stalled, asks }: Row): string =>
  `${viewers} × ${bytes / 1000} kB × ${perSecond}/s ${asks}${stalled === 0 ? '' : ` ${stalled} stalled`}`;

const median = (rows: readonly Row[], figure: (typeof FIGURES)[number]): number =>
  quantile(
    rows.map((row) => row[figure]).toSorted((a, b) => a - b),
    0.5,
  );

const round = (value: number): number => Math.round(value * 10) / 10;
