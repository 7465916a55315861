import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { newSecret, startEmbeddedEdge } from '../agent/embedded-edge.ts';
import { milliseconds, seconds } from '../protocol/units.ts';

/**
 * Added latency per fragment, from the write into the PUT to its arrival at a GET that came early, and what it costs the
 * server: Fast-ll's embedded edge and the floor (`floor.ts`), or any server that speaks Fast-ll's URLs (`--url`), in the
 * same run. One JSON line a measurement, then a table.
 */
const { values } = parseArgs({
  options: {
    viewers: { type: 'string', default: '1,10,100,300' },
    sizes: { type: 'string', default: '12500' },
    rates: { type: 'string', default: '10' },
    segments: { type: 'string', default: '8' },
    stalled: { type: 'string', default: '0' },
    url: { type: 'string' },
    stream: { type: 'string', default: 'bench' },
    header: { type: 'string', multiple: true, default: [] },
  },
});

interface Target {
  readonly name: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** Whose processor time is measured; undefined where the server is elsewhere. */
  readonly pid: number | undefined;
  readonly close: () => Promise<void>;
}

interface Load {
  readonly viewers: number;
  readonly bytes: number;
  readonly perSecond: number;
}

const numbers = (text: string): number[] => text.split(',').map(Number);
const TICKS_PER_SECOND = 100;
const WARM_UP_SEGMENTS = 2;

const targets = values.url === undefined ? [await floor(), await fastLl()] : [given(values.url)];
const rows = [];
for (const perSecond of numbers(values.rates)) {
  for (const bytes of numbers(values.sizes)) {
    for (const viewers of numbers(values.viewers)) {
      for (const target of targets) rows.push(await measure(target, { viewers, bytes, perSecond }));
    }
  }
}
await Promise.all(targets.map((target) => target.close()));
// oxlint-disable-next-line no-console -- what it is run for
console.table(rows);

async function measure(target: Target, load: Load): Promise<object> {
  const agent = new Agent({ connections: null, pipelining: 1, bodyTimeout: 30_000 });
  const idle = new Agent({ connections: null });
  const latencies: number[] = [];
  let errors = 0;
  let cpuBefore = 0;
  const first = 1 + Math.floor(Math.random() * 1e6) * 100;
  await putInit(target, agent);
  // A PUT ahead, so that the edge knows which numbers are near.
  await put(target, agent, first - 1, { ...load, perSecond: 1000 }, 1);
  const last = first + Number(values.segments) + WARM_UP_SEGMENTS;
  for (let number = first; number < last; number += 1) {
    const counts = number >= first + WARM_UP_SEGMENTS;
    if (number === first + WARM_UP_SEGMENTS) cpuBefore = cpuSeconds(target.pid);
    const stalled = Array.from({ length: Number(values.stalled) }, () => stall(target, idle, number));
    const reading = Array.from({ length: load.viewers }, async () => {
      try {
        for (const latency of await view(target, agent, number, load)) if (counts) latencies.push(latency);
      } catch {
        errors += 1;
      }
    });
    await sleep(200);
    await put(target, agent, number, load, load.perSecond);
    await Promise.all(reading);
    for (const one of stalled) (await one)?.destroy();
  }
  const cpu = cpuSeconds(target.pid) - cpuBefore;
  const rss = memoryMb(target.pid);
  await Promise.all([agent.destroy(), idle.destroy()]);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? NaN);
  const row = {
    target: target.name,
    ...load,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    'cpu µs/delivery': round((cpu * 1e6) / latencies.length),
    'rss MB': round(rss),
    errors,
  };
  process.stdout.write(`${JSON.stringify(row)}\n`);
  return row;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
function segmentUrl(target: Target, number: number): URL {
  return new URL(`/${values.stream}/chunk-stream0-${number}.m4s`, target.url);
}

/** Each fragment begins with the time it was written. */
async function put(target: Target, agent: Agent, number: number, load: Load, fragments: number): Promise<void> {
  async function* body(): AsyncGenerator<Buffer> {
    const start = performance.now();
    for (let index = 0; index < fragments; index += 1) {
      await sleep(Math.max(0, start + ((index + 1) * 1000) / load.perSecond - performance.now()));
      const fragment = Buffer.alloc(load.bytes, 1);
      fragment.writeDoubleBE(performance.now());
      yield fragment;
    }
  }
  const { body: answer } = await request(segmentUrl(target, number), {
    method: 'PUT',
    dispatcher: agent,
    headers: target.headers,
    body: body() as never,
  });
  await answer.dump();
}

async function view(target: Target, agent: Agent, number: number, load: Load): Promise<number[]> {
  const { statusCode, body } = await request(segmentUrl(target, number), {
    dispatcher: agent,
    headers: target.headers,
  });
  if (statusCode !== 200) throw new Error(`GET answered ${statusCode}`);
  const latencies: number[] = [];
  const stamp = Buffer.alloc(8);
  let length = 0;
  for await (const chunk of body) {
    const piece = chunk as Buffer;
    const now = performance.now();
    for (let offset = 0; offset < piece.length;) {
      const inside = (length + offset) % load.bytes;
      if (inside < 8) piece.copy(stamp, inside, offset, offset + 8 - inside);
      const step = Math.min(piece.length - offset, load.bytes - inside);
      if (inside + step === load.bytes) latencies.push(now - stamp.readDoubleBE());
      offset += step;
    }
    length += piece.length;
  }
  return latencies;
}

/** One that asks and never reads. */
async function stall(target: Target, agent: Agent, number: number): Promise<{ destroy: () => unknown } | undefined> {
  try {
    const { body } = await request(segmentUrl(target, number), { dispatcher: agent, headers: target.headers });
    body.pause();
    body.on('error', () => {});
    return body;
  } catch {
    return undefined;
  }
}

async function putInit(target: Target, agent: Agent): Promise<void> {
  if (target.name === 'floor') return;
  const box = (type: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from(type)]);
  const url = new URL(`/${values.stream}/init-stream0.m4s`, target.url);
  const body = Buffer.concat([box('ftyp'), box('moov')]);
  const answer = await request(url, { method: 'PUT', dispatcher: agent, headers: target.headers, body });
  await answer.body.dump();
}

async function fastLl(): Promise<Target> {
  const before = children();
  const embedded = await startEmbeddedEdge({
    host: '127.0.0.1',
    port: 0,
    https: undefined,
    secret: newSecret(),
    playback: 'open',
    timeDisplacement: seconds(0),
    waitForAbsentSegment: true,
    now: () => milliseconds(Date.now()),
    onError: () => {},
  });
  return {
    name: 'fast-ll',
    url: embedded.url,
    headers: { authorization: `Bearer ${await embedded.token('publish', '*', seconds(36_000))}` },
    pid: children().find((pid) => !before.includes(pid) && commandOf(pid) === 'workerd'),
    close: () => embedded.close(),
  };
}

async function floor(): Promise<Target> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = execa(process.execPath, [new URL('floor.ts', import.meta.url).pathname, String(port)], {
    reject: false,
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {
    name: 'floor',
    url: new URL(`http://127.0.0.1:${port}`),
    headers: {},
    pid: child.pid,
    close: async () => {
      child.kill();
      await child;
    },
  };
}

function given(url: string): Target {
  const headers = Object.fromEntries(values.header.map((line) => line.split(/:\s*/, 2) as [string, string]));
  return { name: url, url: new URL(url), headers, pid: undefined, close: () => Promise.resolve() };
}

function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);
}
function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}
/** User and system time of a process (proc(5), stat). */
function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
function memoryMb(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
