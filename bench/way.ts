import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { request } from 'undici';
import { forkedSource } from '../agent/camera/fork.ts';
import { systemClock } from '../agent/clock.ts';
import { fragment } from '../agent/cmaf/fragment.ts';
import { streamsSchema, type StreamConfig } from '../agent/config/schema.ts';
import { locateFfmpeg } from '../agent/ffmpeg/locate.ts';
import type { TracksSource } from '../agent/media/source.ts';
import { cameraSource } from '../agent/rtsp/source.ts';
import { startCamera } from '../test/fixtures/camera/camera.ts';
import { folderWith, freePort, startFastLl } from '../test/e2e/support/fast-ll.ts';
import { quantile } from './quantile.ts';

/**
 * Where a frame's time goes on its way from an RTSP camera to a viewer's socket: the way is walked again and again, each
 * time a step further, and each step costs what it adds; copied, and transcoded. The camera says when the frame that came last
 * was captured; all clocks are this machine's. A table, in milliseconds.
 */
const { values } = parseArgs({
  options: {
    fps: { type: 'string', default: '25' },
    size: { type: 'string', default: '1280x720' },
    kbps: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
  },
});
const fps = Number(values.fps);
const now = (): number => performance.timeOrigin + performance.now();
const clock = systemClock;
const log = pino({ level: 'silent' });

await using camera = await startCamera({ size: values.size, fps });
const ffmpeg = await locateFfmpeg(undefined, process.env);

const COPIED = { copy: true };
const ENCODED = { targetWidth: Number(values.size.split('x')[0]), targetBitrate: Number(values.kbps) };
const entryOf = (quality: object): object => ({
  ...{ name: 'Way', stream: 'way', type: 'RTSP', input: camera.url, targetFps: fps, fragmentDuration: 1 / fps },
  ...{ alwaysOn: true, qualities: { video: [quality] } },
});
const parsed = (entry: object) => streamsSchema.parse([entry])[0] as Extract<StreamConfig, { type: 'RTSP' }>;
const forked = (entry: object): TracksSource => {
  const stream = parsed(entry);
  const { input: url, transport } = stream;
  return forkedSource(cameraSource({ url, transport, clock, log }), { stream, ffmpeg, clock, log });
};

const rows: { readonly step: string; readonly p50: number; readonly p95: number }[] = [];
await walk('copied: client', sourceLatencies(forked(entryOf(COPIED))));
await walk('copied: PUT, object, GET', viewerLatencies(entryOf(COPIED)));
await walk('transcoded: client, FFmpeg', sourceLatencies(forked(entryOf(ENCODED))));
await walk('transcoded: PUT, object, GET', viewerLatencies(entryOf(ENCODED)));
// oxlint-disable-next-line no-console -- what it is run for
console.table(rows);
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
  const at = (share: number): number => round(quantile(sorted, share));
  const row = { step, p50: at(0.5), p95: at(0.95) };
  process.stdout.write(`${JSON.stringify(row)}\n`);
  rows.push(row);
}

/** When frames come out of a source. */
async function* sourceLatencies(source: TracksSource): AsyncGenerator<number> {
  const over = new AbortController();
  const latencies: number[] = [];
  let came = Promise.withResolvers<void>();
  const sink = {
    ...{ config: () => {}, jump: () => {} },
    frame: () => {
      latencies.push(now() - camera.newest);
      came.resolve();
    },
  };
  const ended = source([sink], over.signal);
  try {
    for (;;) {
      await came.promise;
      came = Promise.withResolvers();
      yield* latencies.splice(0);
    }
  } finally {
    over.abort();
    await ended;
  }
}

async function* viewerLatencies(entry: object): AsyncGenerator<number> {
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
