import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort, startFastLl } from '../test/e2e/support/fast-ll.ts';
import { processes } from '../test/e2e/support/processes.ts';
import { Viewer } from '../test/e2e/support/segments.ts';
import { plot } from './plot.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';
import { quantile } from './quantile.ts';

/**
 * The demo and fifty viewers for an hour, or as long as is asked for: latency from a frame's capture to its arrival,
 * memory and processor time of agent, FFmpeg and workerd have to stay as they are. A line of JSON every ten seconds, and
 * a plot in the end.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    viewers: { type: 'string', default: '50' },
    plot: { type: 'string', default: 'bench/hour.svg' },
  },
});
const INTERVAL_S = 10;
const now = (): number => performance.now() / 1000;

const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
await using demo = startFastLl(['demo', '--port', String(port)]);
await demo.says(/^All streams:/m);
await using eye = new Viewer(origin, 'demo');
// An agent announces its streams a moment after it has started.
while ((await eye.state()) !== 'live') await sleep(100);

const latencies: number[] = [];
let failures = 0;
const missed = (): void => void (failures += 1);
eye.follow(async (number) => {
  const { fragments } = await eye.segment(number);
  latencies.push(...fragments.map(({ arrivedAt, time }) => 1000 * (arrivedAt - time)));
}, missed);
await using crowd = new AsyncDisposableStack();
for (let others = Number(values.viewers) - 1; others > 0; others -= 1) {
  const viewer = crowd.use(new Viewer(origin, 'demo'));
  viewer.follow((number) => viewer.drain(number), missed);
}

const rows: Row[] = [];
const start = now();
let before = await usage();
while (now() < start + 60 * Number(values.minutes)) {
  await sleep(1000 * (start + INTERVAL_S * (rows.length + 1) - now()));
  const sorted = latencies.splice(0).toSorted((a, b) => a - b);
  const after = await usage();
  const row: Row = {
    minute: round((now() - start) / 60),
    p50: round(quantile(sorted, 0.5)),
    p99: round(quantile(sorted, 0.99)),
    failures,
    ...Object.fromEntries(
      Object.entries(after).flatMap(([name, { seconds, mb }]) => [
        [`${name} MB`, mb],
        [`${name} CPU %`, round((100 * (seconds - (before[name]?.seconds ?? 0))) / INTERVAL_S)],
      ]),
    ),
  };
  before = after;
  rows.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

const series = (name: string) => ({ name, points: rows.map((row) => [row.minute, row[name] ?? NaN] as const) });
const names = Object.keys(rows[0] ?? {});
await writeFile(
  values.plot,
  plot([
    { title: 'capture to arrival, ms', series: [series('p50'), series('p99')] },
    { title: 'memory, MB', series: names.filter((name) => name.endsWith('MB')).map(series) },
    { title: 'processor, % of a core', series: names.filter((name) => name.endsWith('%')).map(series) },
  ]),
);

type Row = Record<string, number> & { readonly minute: number };

/** Of the demo and what it has started: processor time so far, and memory. */
async function usage(): Promise<Record<string, { readonly seconds: number; readonly mb: number }>> {
  const family = (await processes()).filter(({ pid, parent }) => pid === demo.pid || parent === demo.pid);
  return Object.fromEntries(
    family
      .filter(({ name }) => name !== 'sh')
      .map(({ pid, name }) => [
        pid === demo.pid ? 'agent' : name,
        { seconds: cpuSeconds(pid), mb: round(residentMb(pid)) },
      ]),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
