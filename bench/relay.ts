import { parseArgs } from 'node:util';
import { measure, type Load } from './relay-run.ts';
import { rowOf, table, type Row } from './relay-table.ts';
import { fastLl, floor, given } from './relay-targets.ts';

/**
 * Added latency per fragment, from the write into the PUT to its arrival at a GET, and what it costs the server:
 * Fast-ll's embedded edge and the floor (`floor.ts`), and any other that speaks Fast-ll's URLs (`--url`), in turns. One
 * JSON line a measurement, then a table of the medians of all rounds with ratios to the floor.
 *
 *     node bench/relay.ts --viewers 300,1000 --sizes 3000,12500 --rates 10,25 --rounds 3 --asks early,next
 *     node bench/relay.ts --url http://127.0.0.1:8080 --pid 1234 --header 'Authorization: Bearer …' --stream cam1
 */
const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1,10,100,300,1000' },
    sizes: { type: 'string', default: '12500' },
    rates: { type: 'string', default: '10' },
    asks: { type: 'string', default: 'early' },
    segments: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '1' },
    stalled: { type: 'string', default: '0' },
    stream: { type: 'string', default: 'bench' },
    /** Of each server besides: its address, its process (optional), its name (optional). */
    url: { type: 'string', multiple: true, default: [] },
    pid: { type: 'string', multiple: true, default: [] },
    name: { type: 'string', multiple: true, default: [] },
    header: { type: 'string', multiple: true, default: [] },
    /** Only the servers given by `--url`, and the floor. */
    'without-fast-ll': { type: 'boolean', default: false },
  },
});

const list = (text: string): string[] => text.split(',');
const numbers = (text: string): number[] => list(text).map(Number);

const targets = [
  await floor(),
  ...(values['without-fast-ll'] ? [] : [await fastLl()]),
  ...values.url.map((url, index) =>
    given(
      values.name[index] ?? url,
      url,
      values.pid[index] === undefined ? undefined : Number(values.pid[index]),
      values.header,
    ),
  ),
];
const loads: Load[] = list(values.asks).flatMap((asks) =>
  numbers(values.rates).flatMap((perSecond) =>
    numbers(values.sizes).flatMap((bytes) =>
      numbers(values.viewers).map((viewers) => ({
        viewers,
        bytes,
        perSecond,
        stalled: Number(values.stalled),
        asks: asks === 'next' ? 'next' : 'early',
        segments: Number(values.segments),
      })),
    ),
  ),
);

const rows: Row[] = [];
for (const load of loads) {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const target of targets) {
      const row = rowOf(target.name, load, await measure(target, values.stream, load));
      process.stdout.write(`${JSON.stringify(row)}\n`);
      rows.push(row);
    }
  }
}
await Promise.all(targets.map((target) => target.close()));
// oxlint-disable-next-line no-console -- what it is run for
console.table(table(rows));
