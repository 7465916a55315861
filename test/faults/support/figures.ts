import { appendFileSync } from 'node:fs';

/** What a fault cost, as docs/reliability.md tells it. */
export interface Figure {
  readonly fault: string;
  /** Until a picture captured after the fault was over was seen, in seconds: one figure a time it was done. */
  readonly back: readonly number[];
  /** Segments that no viewer could get any more. */
  readonly lost?: number;
  readonly note?: string;
}

/** Tells it on the terminal; with FASTLL_FIGURES, in that file too, a line of JSON each. */
export function tell(figure: Figure): void {
  const back = figure.back.map((seconds) => seconds.toFixed(2)).join(', ');
  console.info(
    `${figure.fault}: back after ${back} s${figure.lost === undefined ? '' : `, ${figure.lost} segments lost`}`,
  );
  const file = process.env['FASTLL_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}
