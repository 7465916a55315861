/** Figures as people read them. */
const SUFFIXES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Three digits that count: 7.5, 3,600, 21.4 k. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return 'any';
  if (value < 10_000) return (value < 10 ? Number(value.toFixed(1)) : Math.round(value)).toLocaleString('en-US');
  const [unit, suffix] = SUFFIXES.find(([size]) => value >= size)!;
  return `${Number((value / unit).toPrecision(3))} ${suffix}`;
}

/** Whole dollars where there are many, as many digits as say something where there are few. */
export function money(value: number): string {
  if (value >= 100) return `$${Math.round(value).toLocaleString('en-US')}`;
  if (value >= 0.1) return `$${value.toFixed(2)}`;
  return value === 0 ? '$0' : `$${value.toPrecision(2)}`;
}

/** A part of a whole: in percent, and in times past ten of it. */
export function share(part: number): string {
  if (part > 10) return `${count(part)} times`;
  return part < 0.01 ? '< 1 %' : `${Math.round(part * 100)} %`;
}
