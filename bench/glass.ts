import { parseArgs } from 'node:util';
import { messageOf } from '../agent/errors.ts';
import { look, type Look } from './glass-run.ts';
import { SOURCES } from './glass-stream.ts';
import { PLAYERS } from './glass-viewer.ts';
import { lineOf, lowest, rowOf, type Row } from './glass-table.ts';
import { openNetwork } from './network.ts';

/**
 * Glass to glass: how old a picture is when a browser puts it on the screen, by the clock in its pixels. Fast-ll as
 * people run it, a camera, and headless Chromium, all on one machine and by one clock. One JSON line a measurement, then
 * a table. Not included is what a machine without screen and sensor has not: exposure, and the screen's own delay.
 *
 *     node bench/glass.ts --sources gen --fps 25 --targets 200,100 --players dashjs,page --seconds 20
 */
const { values } = parseArgs({
  options: {
    /** `gen`, `rtsp`, `copied`. */
    sources: { type: 'string', default: 'gen,rtsp,copied' },
    /** Seconds from keyframe to keyframe of a camera. */
    gop: { type: 'string', default: '1' },
    fps: { type: 'string', default: '25,10' },
    /** Seconds, or `frame` for one frame each. */
    fragments: { type: 'string', default: 'frame,0.1' },
    targets: { type: 'string', default: '500,300,200,150,100,80' },
    players: { type: 'string', default: 'dashjs,page' },
    seconds: { type: 'string', default: '60' },
    settle: { type: 'string', default: '6' },
    /** In kbit/s, one quality each. */
    bitrates: { type: 'string', default: '800' },
    /** With server-side representation switching (`on`), without, or both. */
    ssrs: { type: 'string', default: 'off' },
    networks: { type: 'string', default: 'direct' },
    /** Go down the targets of each series only until there is a stall. */
    lowest: { type: 'boolean', default: false },
  },
});

const list = (text: string): string[] => text.split(',');
const numbers = (text: string): number[] => list(text).map(Number);

/** All that is the same but for the target. */
function* series(): Generator<Look[]> {
  for (const source of list(values.sources)) {
    for (const fps of numbers(values.fps)) {
      const fragments = list(values.fragments).map((one) => (one === 'frame' ? 1 / fps : Number(one)));
      for (const fragment of new Set(fragments)) {
        for (const player of list(values.players)) {
          for (const ssrs of list(values.ssrs)) {
            const rest: Omit<Look, 'target'> = {
              ...{ source: oneOf(SOURCES, source), gop: Number(values.gop), fps, fragment, ssrs: ssrs === 'on' },
              ...{ player: oneOf(PLAYERS, player), bitrates: numbers(values.bitrates) },
              ...{ seconds: Number(values.seconds), settle: Number(values.settle) },
            };
            yield numbers(values.targets).map((target) => ({ ...rest, target }));
          }
        }
      }
    }
  }
}

function oneOf<T extends string>(known: readonly T[], name: string): T {
  const found = known.find((one) => one === name);
  if (found === undefined) throw new Error(`expected one of ${known.join(', ')}, got ${name}`);
  return found;
}

// What was made for it is undone at exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const rows: Row[] = [];
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

for (const name of list(values.networks)) {
  for (const targets of series()) {
    for (const one of targets) {
      try {
        await using network = await openNetwork(name);
        const row = rowOf(one, name, await look({ ...one, seconds: Math.max(one.seconds, network.period) }, network));
        say(row);
        rows.push(row);
        if (values.lowest && row.stalls > 0) break;
      } catch (error) {
        say({ ...one, network: name, skipped: messageOf(error instanceof SuppressedError ? error.suppressed : error) });
      }
    }
  }
}
// oxlint-disable-next-line no-console -- what it is run for
console.table(rows.map(lineOf));
// oxlint-disable-next-line no-console -- as above
if (values.lowest) console.table(lowest(rows));
