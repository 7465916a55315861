import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { publishToken, startEdge } from '../test/e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl } from '../test/e2e/support/fast-ll.ts';
import { findFfmpeg } from '../test/fixtures/camera/ffmpeg.ts';
import type { Ages } from './camera-viewers.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';

/**
 * What a camera costs the agent: processor time and memory with more and more streams, of recorded frames. Encoded ones
 * come from a small program in FFmpeg's place, so FFmpeg's own cost is not in it; with `--copied` they come from RTSP cameras in
 * a process of their own, and go through as they are: all there is. The edge is a process of its own, and so are those who watch,
 * with `--watched`. A line of JSON each, then a table.
 */
const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '0,1,10,50' },
    seconds: { type: 'string', default: '20' },
    fps: { type: 'string', default: '25' },
    kbps: { type: 'string', default: '2000' },
    size: { type: 'string', default: '1280x720' },
    /** From cameras, as it is. */
    copied: { type: 'boolean', default: false },
    /** With a viewer of each, too. */
    watched: { type: 'boolean', default: false },
    /** Seconds; a frame's time for a fragment per frame. */
    fragment: { type: 'string', default: '0.1' },
  },
});
const WARM_UP_MS = 10_000;

const ffmpeg = await findFfmpeg();
await using files = await folderWith({});
const recording = files.path('second.flv');
await record(recording);
const rows = [];
for (const cameras of values.cameras.split(',').map(Number)) rows.push(await measure(cameras));
const [none, ...some] = rows;
const table = some.map((row) => ({
  ...row,
  'CPU % a camera': round((row.cpu - (none?.cpu ?? 0)) / row.cameras),
  'MB a camera': round((row.mb - (none?.mb ?? 0)) / row.cameras),
}));
// oxlint-disable-next-line no-console -- what it is run for
console.table([none, ...table]);

interface Row {
  readonly cameras: number;
  /** Of the agent, in percent of a core. */
  readonly cpu: number;
  readonly mb: number;
  /** Bytes of one of the newest segments. */
  readonly delivered: number;
}

async function measure(cameras: number): Promise<Row> {
  const port = await freePort();
  await using _edge = await startEdge(port);
  const token = await publishToken();
  const [fragmentDuration, targetFps] = [Number(values.fragment), Number(values.fps)];
  const count = Math.max(1, cameras);
  await using stack = new AsyncDisposableStack();
  const inputs = values.copied ? await startFleet(count, stack) : [];
  const quality = values.copied ? { copy: true } : { targetWidth: 1280, targetBitrate: Number(values.kbps) };
  const streams = Array.from({ length: count }, (_, index) => ({
    ...{ name: `Camera ${index}`, stream: `cam${index}`, targetFps, fragmentDuration },
    ...(values.copied ? { type: 'RTSP', input: inputs[index] } : { type: 'GEN' }),
    // None: the agent is there, and its camera sleeps.
    ...{ alwaysOn: cameras > 0, timeShift: 4, qualities: { video: [quality] } },
  }));
  await using configuration = await folderWith({
    'config.json': {
      ...{ edge: `http://127.0.0.1:${port}`, token, streams: 'streams.json' },
      ...(values.copied ? {} : { ffmpeg: fileURLToPath(new URL('replaying-ffmpeg.js', import.meta.url)) }),
    },
    'streams.json': streams,
  });
  await using agent = startFastLl(['-c', configuration.path('config.json'), '--json'], {
    environment: { REAL_FFMPEG: ffmpeg, RECORDING: recording },
  });
  if (cameras > 0) await agent.says(new RegExp(`cam${cameras - 1}: live`));
  await sleep(WARM_UP_MS);
  const ages = values.watched && cameras > 0 ? agesSeen(port, cameras) : undefined;
  const before = cpuSeconds(agent.pid);
  await sleep(1000 * Number(values.seconds));
  const cpu = round((100 * (cpuSeconds(agent.pid) - before)) / Number(values.seconds));
  const restarts = agent.stderr.match(/trying again/g)?.length ?? 0;
  if (restarts > 0) throw new Error(`expected cameras that run, got ${restarts} restarts:\n${agent.stderr}`);
  const newest = await fetch(`http://127.0.0.1:${port}/cam0/chunk-stream0-${Math.floor(Date.now() / 1000) - 1}.m4s`);
  const delivered = (await newest.arrayBuffer()).byteLength;
  const row = { cameras, cpu, mb: round(residentMb(agent.pid)), delivered, ...(await ages) };
  process.stdout.write(`${JSON.stringify(row)}\n`);
  return row;
}

/** How old pictures are when they come to a viewer of each camera. */
async function agesSeen(port: number, cameras: number): Promise<Ages> {
  const script = fileURLToPath(new URL('camera-viewers.ts', import.meta.url));
  const { stdout } = await execa(process.execPath, [
    ...[script, `http://127.0.0.1:${port}`, String(cameras), values.seconds],
  ]);
  return JSON.parse(stdout) as Ages;
}

/** @returns their URLs */
async function startFleet(count: number, stack: AsyncDisposableStack): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('camera-fleet.ts', import.meta.url));
  const fleet = execa(process.execPath, [script, recording, String(count), values.fps], {
    buffer: false,
    reject: false,
  });
  stack.defer(() => void fleet.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: fleet.stdout }), 'line')) as [string];
  return JSON.parse(line) as string[];
}

/** Some seconds of a busy picture: the last one has as many bytes as the bitrate allows. */
async function record(file: string): Promise<void> {
  const source = `testsrc2=size=${values.size}:rate=${values.fps},noise=alls=30:allf=t`;
  const rate = `${values.kbps}k`;
  await execa(ffmpeg, [
    ...['-y', '-loglevel', 'error', '-f', 'lavfi', '-i', source, '-t', '4', '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-bf', '0'],
    ...['-g', values.fps, '-sc_threshold', '0'],
    ...['-b:v', rate, '-maxrate', rate, '-bufsize', rate, '-f', 'flv', '-flvflags', 'no_duration_filesize', file],
  ]);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
