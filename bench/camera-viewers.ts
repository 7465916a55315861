import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './quantile.ts';
import { Viewer, type Segment } from '../test/e2e/support/segments.ts';

/**
 * A viewer for each of many cameras, in a process of their own: `node bench/camera-viewers.ts ORIGIN COUNT SECONDS` prints how
 * old the pictures were when they came, as a line of JSON.
 */
export interface Ages {
  readonly fragments: number;
  /** Milliseconds from the capture of a fragment's first picture until all of it had come. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Segments that did not come, or not whole. */
  readonly failed: number;
}

if (import.meta.main) {
  const [origin = '', count = '', seconds = ''] = process.argv.slice(2);
  const ages: number[] = [];
  let failed = 0;
  const see = ({ fragments }: Segment): void => {
    for (const { arrivedAt, time } of fragments) ages.push(1000 * (arrivedAt - time));
  };
  const viewers = Array.from({ length: Number(count) }, (_, index) => new Viewer(origin, `cam${index}`));
  for (const viewer of viewers) {
    viewer.follow(
      async (number) => see(await viewer.segment(number)),
      () => (failed += 1),
    );
  }
  // With the first segments comes what there was before.
  await sleep(3000);
  ages.length = 0;
  failed = 0;
  await sleep(1000 * Number(seconds));
  const sorted = ages.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(quantile(sorted, share));
  const result: Ages = { fragments: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1), failed };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
