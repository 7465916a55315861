import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl, type RunningFastLl } from '../e2e/support/fast-ll.ts';
import { childrenOf, processes } from '../e2e/support/processes.ts';
import { camera as cameraEntry, generated } from '../e2e/support/streams.ts';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { LiveEdge } from './support/live-edge.ts';
import { Network, noNetwork } from './support/network.ts';

/**
 * An hour, or as long as is asked for, with a fault every ten seconds: cameras, encoders, the uplink and the edge fail in
 * turn, as chance will have it, but the same for the same seed. In the end every camera has to be live, with no more
 * memory, open files and processes than in the beginning. A line of JSON a fault and a minute; exit code 1 when it failed.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    every: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, every] = [Number(values.minutes), Number(values.every)];
const now = (): number => Date.now() / 1000;
const random = generatorOf(Number(values.seed));
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);

/** What the agent may have more at the end than after it has warmed up. */
const GROWTH = { mb: 40, files: 20, processes: 0 };
/** Cameras: some encoded, some copied, one of them both ways. */
const NAMES = ['front', 'garden', 'garage', 'yard'] as const;
const ENCODED = { targetWidth: 320, targetBitrate: 200 };
const COPIED = { copy: true };
const QUALITIES: Readonly<Record<(typeof NAMES)[number], readonly object[]>> = {
  front: [ENCODED],
  garden: [COPIED, ENCODED],
  garage: [ENCODED],
  yard: [COPIED],
};
const everyone = [...NAMES, 'made'];

await using stack = new AsyncDisposableStack();
if (noNetwork !== undefined) throw new Error(`it needs a network of its own: ${noNetwork}`);
const network = stack.use(await Network.create());
const port = await freePort();
let edge = await deploy();
stack.defer(() => edge[Symbol.asyncDispose]());
const cameras: Record<string, Camera> = {};
for (const name of NAMES) {
  cameras[name] = stack.use(await startCamera({ path: `/${name}`, host: network.gateway, size: '320x180', fps: 15 }));
}
const agent = await startAgent();
const edges = new Map(everyone.map((name) => [name, stack.use(new LiveEdge(origin(), name))]));
await Promise.all(edges.values().map((one) => one.reaches(now(), 30)));

interface Fault {
  /** Streams that it is to hit; the others must not notice. */
  readonly hits: readonly string[];
  readonly do: () => Promise<void>;
}
const faultsOfAll: Readonly<Record<string, Fault>> = {
  'FFmpeg killed': { hits: ['made'], do: async () => void process.kill(await ffmpegOf('made'), 'SIGKILL') },
  'uplink gone for 1 to 6 s': { hits: everyone, do: () => outage(1 + random() * 5) },
  'workerd killed': { hits: everyone, do: killWorkerd },
  'edge deployed anew': {
    hits: everyone,
    do: async () => {
      await edge[Symbol.asyncDispose]();
      edge = await deploy();
    },
  },
};

const took = new Map<string, number[]>();
const lines: Usage[] = [];
const failures: string[] = [];
const end = now() + minutes * 60;
let nextMinute = now();
for (let next = now() + every; now() < end; next += every) {
  if (now() >= nextMinute) {
    lines.push(await usage(agent));
    say({ minute: lines.length, ...lines.at(-1) });
    nextMinute += 60;
  }
  await sleep(Math.max(0, 1000 * (next - now())));
  const [name, fault] = pick(Object.entries({ ...faultsOf(pick(NAMES)), ...faultsOfAll }));
  const began = now();
  await fault.do();
  const over = now();
  const back = await Promise.all(fault.hits.map((hit) => backAfter(hit, over)));
  const others = [...edges].filter(([stream]) => !fault.hits.includes(stream));
  const gaps = others
    .map(([stream, one]) => [stream, one.longestGapSince(began)] as const)
    .filter(([, gap]) => gap > 2);
  took.set(name, [...(took.get(name) ?? []), Math.max(0, ...back)]);
  if (gaps.length > 0) failures.push(`${name}: others noticed: ${JSON.stringify(gaps)}`);
  say({ fault: name, hits: fault.hits, back: back.map((value) => round(value)), noticed: Object.fromEntries(gaps) });
}

await Promise.all([...edges.values()].map((one) => one.reaches(now(), 60)));
lines.push(await usage(agent));
const [warm, last] = [lines[Math.min(3, lines.length - 2)] ?? lines[0], lines.at(-1)];
if (warm === undefined || last === undefined) throw new Error('expected figures');
for (const [key, most] of Object.entries(GROWTH) as [keyof Usage, number][]) {
  if (last[key] - warm[key] > most) failures.push(`${key} grew from ${warm[key]} to ${last[key]}`);
}
const table = [...took].map(([fault, all]) => {
  const sorted = all.toSorted((a, b) => a - b);
  return { fault, times: all.length, median: round(sorted[sorted.length >> 1] ?? 0), most: round(sorted.at(-1) ?? 0) };
});
// oxlint-disable-next-line no-console -- what it is run for
console.table(table);
say({ summary: { minutes, faults: [...took.values()].flat().length, warm, last, failures } });
process.exitCode = failures.length === 0 ? 0 : 1;

function faultsOf(name: (typeof NAMES)[number]): Record<string, Fault> {
  const camera = cameras[name];
  if (camera === undefined) throw new Error(`no camera ${name}`);
  const hits = [name];
  // What is looked at is the first quality: a copied one does not notice what becomes of FFmpeg.
  const copied = QUALITIES[name][0] === COPIED;
  const ofFfmpeg: Record<string, Fault> = {
    'FFmpeg killed': { hits: copied ? [] : hits, do: async () => void process.kill(await ffmpegOf(name), 'SIGKILL') },
    'FFmpeg hung': {
      hits: copied ? [] : hits,
      do: async () => {
        process.kill(await ffmpegOf(name), 'SIGSTOP');
        // Pictures that are under way still come.
        await sleep(1000);
      },
    },
  };
  return {
    ...(QUALITIES[name].includes(ENCODED) ? ofFfmpeg : {}),
    'camera dropped its connections': { hits, do: async () => camera.drop() },
    'camera unplugged for 3 s': {
      hits,
      do: async () => {
        await camera.unplug();
        await sleep(3000);
        await camera.plugIn();
      },
    },
    'camera silent for 7 s': {
      hits,
      do: async () => {
        camera.hang();
        await sleep(7000);
        camera.resume();
      },
    },
    'camera sent noise for 2 s': {
      hits,
      do: async () => {
        camera.garble();
        await sleep(2000);
        camera.resume();
      },
    },
    "camera's clock jumped": { hits, do: async () => camera.jump((random() - 0.5) * 20_000) },
  };
}

async function backAfter(stream: string, moment: number): Promise<number> {
  try {
    return await edges.get(stream)!.reaches(moment, 40);
  } catch {
    failures.push(`${stream}: not back 40 s after ${new Date(1000 * moment).toISOString()}`);
    return Infinity;
  }
}

async function outage(seconds: number): Promise<void> {
  await network.cut();
  await sleep(1000 * seconds);
  await network.mend();
}

async function killWorkerd(): Promise<void> {
  for (const { pid } of await childrenOf(edge.pid, 'workerd')) process.kill(pid, 'SIGKILL');
}

async function ffmpegOf(stream: string): Promise<number> {
  const mark = `title=${stream}`;
  for (let tries = 0; tries < 100; tries += 1) {
    for (const { pid } of await childrenOf(agent.pid, 'ffmpeg')) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(mark)) return pid;
    }
    await sleep(100);
  }
  throw new Error(`expected an FFmpeg for ${stream}`);
}

function origin(): string {
  return `http://127.0.0.1:${port}`;
}

function deploy(): Promise<RunningFastLl> {
  return startEdge(port, '0.0.0.0');
}

async function startAgent(): Promise<RunningFastLl> {
  const token = await publishToken(360_000);
  const entries = NAMES.map((name) =>
    cameraEntry(name, cameras[name]?.url ?? '', { alwaysOn: true, qualities: { video: QUALITIES[name] } }),
  );
  const files = stack.use(
    await folderWith({
      'config.json': { edge: `http://${network.gateway}:${port}`, token, streams: 'streams.json' },
      'streams.json': [...entries, generated('made', { alwaysOn: true })],
    }),
  );
  return stack.use(startFastLl(['-c', files.path('config.json')], { network: network.name }));
}

interface Usage {
  readonly mb: number;
  readonly files: number;
  readonly processes: number;
}

async function usage({ pid }: RunningFastLl): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const files = await readdir(`/proc/${pid}/fd`);
  const children = (await processes()).filter(({ parent }) => parent === pid);
  return {
    mb: round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
    files: files.length,
    processes: children.length,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function generatorOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
