/** The value that this share of all are below. @param sorted from the least on; NaN where there is none */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
