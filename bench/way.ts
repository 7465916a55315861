import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { request } from 'undici';
import { fragment } from '../agent/cmaf/fragment.ts';
import { streamsSchema, type StreamConfig } from '../agent/config/schema.ts';
import { FIRST_PIPE, ffmpegRun } from '../agent/ffmpeg/arguments.ts';
import { locateFfmpeg } from '../agent/ffmpeg/locate.ts';
import { FlvReader } from '../agent/ffmpeg/flv.ts';
import { seconds } from '../protocol/units.ts';
import { openPassage } from '../agent/rtsp/passage.ts';
import { startCamera } from '../test/fixtures/camera/camera.ts';
import { folderWith, freePort, startFastLl } from '../test/e2e/support/fast-ll.ts';

/**
 * Where a frame's time goes on its way from an RTSP camera to a viewer's socket: the way is walked again and again, each
 * time a step further, and each step costs what it adds. The camera says when the frame that came last was captured; all
 * clocks are this machine's. A table, in milliseconds. `--direct` has FFmpeg connect to the camera itself.
 */
const { values } = parseArgs({
  options: {
    fps: { type: 'string', default: '25' },
    size: { type: 'string', default: '1280x720' },
    kbps: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    direct: { type: 'boolean', default: false },
  },
});
const fps = Number(values.fps);
const now = (): number => performance.timeOrigin + performance.now();

await using camera = await startCamera({ size: values.size, fps });
const over = new AbortController();
const passage = await openPassage(camera.url, over.signal);
const entry = {
  ...{
    name: 'Way',
    stream: 'way',
    type: 'RTSP',
    input: camera.url,
    targetFps: fps,
    fragmentDuration: 1 / fps,
  },
  ...{
    alwaysOn: true,
    qualities: { video: [{ targetWidth: Number(values.size.split('x')[0]), targetBitrate: Number(values.kbps) }] },
  },
};
const [stream] = streamsSchema.parse([entry]) as [StreamConfig];
const ffmpeg = await locateFfmpeg(undefined, process.env);
const run = ffmpegRun(stream, {
  now: seconds(Date.now() / 1000),
  hasFpsMode: ffmpeg.hasFpsMode,
  passage: values.direct ? undefined : passage.href,
});
const before = run.args.slice(0, run.args.indexOf('-filter_complex'));
const graph = run.args[run.args.indexOf('-filter_complex') + 1] ?? '';
const encoder = run.args.slice(run.args.indexOf('-map'), run.args.indexOf('-f', run.args.indexOf('-map')));

const rows: { readonly step: string; readonly p50: number; readonly p95: number }[] = [];
const asText = ['-f', 'framecrc', '-flush_packets', '1', `pipe:${FIRST_PIPE}`];
// Encoders of raw pictures have threads too, and hold back as many.
const raw = ['-map', '[v0]', ...(ffmpeg.hasFpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'])];
const pictures = [...raw, '-c:v', 'wrapped_avframe', '-threads', '1', ...asText];
await walk('camera, network, demux', textLatencies([...before, '-map', '0:v:0', '-c', 'copy', ...asText]));
await walk('decode', textLatencies([...before, '-filter_complex', '[0:v:0]null[v0]', ...pictures]));
await walk('decimate, scale', textLatencies([...before, '-filter_complex', graph, '-copyts', ...pictures]));
await walk('encode', textLatencies([...before, '-filter_complex', graph, '-copyts', ...encoder, ...asText]));
await walk('FLV, pipe, reader', flvLatencies());
await walk('agent, PUT, object, GET', viewerLatencies());
const table = rows.map((row, index) => ({ ...row, adds: round(row.p50 - (rows[index - 1]?.p50 ?? 0)) }));
// oxlint-disable-next-line no-console -- what it is run for
console.table(table);
over.abort();
process.stdout.write(`a fragment is written in ${fragmentMicroseconds().toFixed(0)} µs\n`);

async function walk(step: string, latencies: AsyncGenerator<number>): Promise<void> {
  const all: number[] = [];
  let end = Infinity;
  for await (const latency of latencies) {
    if (all.length === 0) end = now() + 1000 * Number(values.seconds);
    all.push(latency);
    if (now() > end) break;
  }
  // The first second is FFmpeg's start.
  const sorted = all.slice(fps).toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor(share * sorted.length)] ?? NaN);
  const row = { step, p50: at(0.5), p95: at(0.95) };
  process.stdout.write(`${JSON.stringify(row)}\n`);
  rows.push(row);
}

/** By FFmpeg's own account of each frame: a line of text the moment it is written. */
async function* textLatencies(args: readonly string[]): AsyncGenerator<number> {
  const child = execa(ffmpeg.path, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], buffer: false, reject: false });
  try {
    const lines = createInterface({ input: pipeOf(child) });
    for await (const line of lines) if (line.startsWith('0,')) yield now() - camera.newest;
  } finally {
    child.kill('SIGKILL');
    await child;
  }
}

function pipeOf({ stdio }: { readonly stdio: readonly unknown[] }): Readable {
  return stdio[FIRST_PIPE] as Readable;
}

async function* flvLatencies(): AsyncGenerator<number> {
  const child = execa(ffmpeg.path, run.args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    buffer: false,
    reject: false,
  });
  try {
    const reader = new FlvReader();
    for await (const chunk of pipeOf(child) as AsyncIterable<Uint8Array>) {
      for (const event of reader.push(chunk)) {
        if (event.kind === 'frame') yield now() - camera.newest;
      }
    }
  } finally {
    child.kill('SIGKILL');
    await child;
  }
}

async function* viewerLatencies(): AsyncGenerator<number> {
  const port = await freePort();
  await using files = await folderWith({
    'config.json': { host: '127.0.0.1', port, streams: 'streams.json' },
    'streams.json': [entry],
  });
  await using fastLl = startFastLl(['-c', files.path('config.json')]);
  await fastLl.says(/way: live/);
  for (let number = Math.floor(Date.now() / 1000) + 1; ; number += 1) {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/way/chunk-stream0-${number}.m4s`);
    if (statusCode !== 200) throw new Error(`GET answered ${statusCode}`);
    let first = true;
    for await (const _ of body) {
      // The segment's header comes ahead of its first fragment.
      if (!first) yield now() - camera.newest;
      first = false;
    }
  }
}

/** The agent's own work: from frames to bytes to send. */
function fragmentMicroseconds(): number {
  const data = [new Uint8Array((1000 * Number(values.kbps)) / 8 / fps)];
  const samples = [{ data, size: data[0]!.byteLength, keyframe: false, time: 0, duration: 90_000 / fps }];
  const rounds = 20_000;
  const start = performance.now();
  for (let index = 0; index < rounds; index += 1) fragment({ sequenceNumber: index, frames: samples as never });
  return (1000 * (performance.now() - start)) / rounds;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
