/** One connection to a camera, and what is made of it: a script for the camera, and a real FFmpeg. */
import { execaSync } from 'execa';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { forkedSource } from '../../agent/camera/fork.ts';
import { systemClock } from '../../agent/clock.ts';
import { fragment } from '../../agent/cmaf/fragment.ts';
import { initSegment } from '../../agent/cmaf/init.ts';
import { isOnDemand, streamsSchema } from '../../agent/config/schema.ts';
import { locateFfmpeg } from '../../agent/ffmpeg/locate.ts';
import type { Frame } from '../../agent/media/frame.ts';
import type { FrameSink, OnDemand } from '../../agent/media/source.ts';
import type { VideoConfig } from '../../agent/media/track.ts';
import { secondsOfTicks, ticks, ticksOfMilliseconds } from '../../protocol/units.ts';
import { picturesOf } from '../encoded-pictures.ts';
import { recordedCamera } from '../recorded-camera.ts';

const RATE = 10;
const COPY = { copy: true };
const ENCODE = { targetWidth: 64, targetBitrate: 100 };

/** What came of one quality. */
class Track implements FrameSink {
  /** Of one that is made on demand: what the test decides on, and how often it was paused. */
  readonly demand = { isWanted: false, pauses: 0 };
  readonly onDemand: OnDemand | undefined;
  readonly configs: VideoConfig[] = [];
  readonly frames: (Frame & { readonly at: number })[] = [];
  #came = Promise.withResolvers<void>();

  constructor(hasDemand: boolean) {
    if (!hasDemand) return;
    this.onDemand = {
      isWanted: () => this.demand.isWanted,
      pause: () => {
        this.demand.pauses += 1;
        this.#notify();
      },
    };
  }

  config(config: VideoConfig): void {
    this.configs.push(config);
    this.#notify();
  }

  frame(frame: Frame): void {
    this.frames.push({ ...frame, at: performance.now() });
    this.#notify();
  }

  jump(): void {}

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#came.promise;
  }

  #notify(): void {
    this.#came.resolve();
    this.#came = Promise.withResolvers();
  }
}

async function fork(...qualities: readonly object[]) {
  const [stream] = streamsSchema.parse([
    {
      ...{ name: 'Front', stream: 'front', type: 'RTSP', input: 'rtsp://camera/', targetFps: RATE },
      qualities: { video: qualities },
    },
  ]);
  const told: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => told.push(JSON.parse(line).msg) });
  let camera: FrameSink | undefined;
  const ffmpeg = await locateFfmpeg(undefined, process.env);
  const source = forkedSource(
    (sink, signal) => {
      camera = sink;
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined));
      });
    },
    { stream: stream!, ffmpeg, clock: systemClock, log },
  );
  /** A run of the camera. */
  const run = async () => {
    const over = new AbortController();
    const tracks = stream!.qualities.video.map((quality) => new Track(isOnDemand(quality)));
    const running = source(tracks, over.signal);
    const stop = async (): Promise<void> => {
      over.abort();
      await running;
    };
    onTestFinished(stop);
    await Promise.resolve();
    return { camera: camera!, tracks, running, stop };
  };
  return { ...(await run()), told, run };
}

/** Plays a recording into the camera's end, in real time, from now on. */
function play(camera: FrameSink, { config, frames }: ReturnType<typeof recordedCamera>, signal: AbortSignal): void {
  camera.config(config);
  let index = 0;
  const send = (): void => {
    const { keyframe, data, size } = frames[index % frames.length]!;
    index += 1;
    const time = ticksOfMilliseconds(systemClock.wall());
    camera.frame({ time, compositionOffset: ticks(0), keyframe, data, size });
  };
  send();
  const timer = setInterval(send, 1000 / RATE);
  signal.addEventListener('abort', () => clearInterval(timer));
}

function playing(): AbortController {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  return over;
}

const ffmpegs = (): number[] => {
  const { stdout } = execaSync('pgrep', ['-P', String(process.pid), 'ffmpeg'], { reject: false, lines: true });
  return stdout.map(Number);
};

test('copied and encoded frames have the times that the camera gave them', { timeout: 20_000 }, async () => {
  const { camera, tracks } = await fork(COPY, ENCODE);
  play(camera, recordedCamera(), playing().signal);
  const [copied, encoded] = tracks;
  await encoded!.until(() => encoded!.frames.length >= 15);
  const times = new Map(copied!.frames.map(({ time, at }) => [Math.round(time / 90), at]));
  // The first one's is known when the second is there.
  for (const { time, at } of encoded!.frames.slice(1)) {
    const near = [-1, 0, 1].map((by) => times.get(Math.round(time / 90) + by)).find((found) => found !== undefined);
    expect(near, `a copied frame at ${secondsOfTicks(time)}`).toBeDefined();
    expect(at - near!).toBeLessThan(2000);
  }
  expect(encoded!.configs[0]).toMatchObject({ width: 64, height: 48 });
});

test('an FFmpeg that dies is started again; what is copied does not notice', { timeout: 20_000 }, async () => {
  const { camera, tracks, told } = await fork(COPY, ENCODE);
  play(camera, recordedCamera(), playing().signal);
  const [copied, encoded] = tracks;
  await encoded!.until(() => encoded!.frames.length >= 5);
  for (const pid of ffmpegs()) process.kill(pid, 'SIGKILL');
  const killed = encoded!.frames.at(-1)!.time;
  const before = performance.now();
  await encoded!.until(() => encoded!.frames.at(-1)!.time > killed + 90_000 * 0.3);
  expect(told).toEqual([expect.stringMatching(/front: FFmpeg ended \(SIGKILL\).*; trying again in 0\.5 s/)]);
  const resumed = encoded!.frames.find(({ time }) => time > killed + 90_000 * 0.3)!;
  expect(resumed.at - before).toBeLessThan(5000);
  // Of what it had to decode only to begin nothing comes, and its parameter sets are the same.
  expect(encoded!.frames.every(({ time }, index) => index === 0 || time > encoded!.frames[index - 1]!.time)).toBe(true);
  expect(new Set(encoded!.configs.map(({ record }) => Buffer.from(record).toString('hex'))).size).toBe(1);
  const gaps = copied!.frames.slice(1).map(({ time }, index) => time - copied!.frames[index]!.time);
  expect(Math.max(...gaps)).toBeLessThan(90_000 * 0.5);
});

test('without a copied track an FFmpeg that fails again and again is told of', { timeout: 20_000 }, async () => {
  const { camera, running } = await fork(ENCODE);
  const { config, frames } = recordedCamera();
  // It can't be decoded.
  const garbled = frames.map((frame) => ({ ...frame, data: [Buffer.alloc(frame.size, 0xff)] }));
  play(camera, { config, frames: garbled }, playing().signal);
  const killing = setInterval(() => ffmpegs().forEach((pid) => process.kill(pid, 'SIGKILL')), 100);
  onTestFinished(() => clearInterval(killing));
  expect(await running).toMatchObject({ kind: 'encoder', message: expect.stringMatching(/FFmpeg ended/) });
});

test(
  'a picture of another shape has bars, and is not squeezed: players hear of no other',
  { timeout: 30_000 },
  async () => {
    const { camera, tracks } = await fork({ targetWidth: 320, targetBitrate: 500 });
    const wide = picturesOf({ size: '320x180', rate: RATE });
    const high = picturesOf({ size: '240x180', rate: RATE });
    const [encoded] = tracks;
    const first = playing();
    play(camera, wide, first.signal);
    await encoded!.until(() => encoded!.frames.length >= 3);
    first.abort();
    const count = encoded!.frames.length;
    play(camera, high, playing().signal);
    await encoded!.until(() => encoded!.frames.length >= count + 8);
    expect(encoded!.configs.at(-1)).toEqual(encoded!.configs[0]);
    const { config } = { config: encoded!.configs[0]! };
    const shown = encoded!.frames.slice(encoded!.frames.findLastIndex(({ keyframe }) => keyframe));
    const samples = shown.map((frame) => ({ ...frame, duration: ticks(9000) }));
    const { stdout: pixels } = execaSync(
      'ffmpeg',
      ['-v', 'error', '-i', 'pipe:0', '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
      {
        input: Buffer.concat([initSegment(config), fragment({ sequenceNumber: 1, frames: samples })]),
        encoding: 'buffer',
      },
    );
    const row = Array.from(pixels.subarray(90 * 320, 91 * 320));
    const isDark = (value: number | undefined): boolean => (value ?? 255) < 40;
    expect([row[10], row[30], row[290], row[310]].map(isDark)).toEqual([true, true, true, true]);
    expect([row[50], row[160], row[270]].map(isDark)).toEqual([false, false, false]);
  },
);

test('what is made on demand is known at once, and made only while it is wanted', { timeout: 30_000 }, async () => {
  const { camera, tracks, stop, run } = await fork(COPY, { ...ENCODE, onDemand: true });
  const first = playing();
  play(camera, recordedCamera(), first.signal);
  const [copied, made] = tracks;
  await made!.until(() => made!.demand.pauses === 1);
  expect(made!.configs).toEqual([expect.objectContaining({ width: 64, height: 48 })]);
  expect(made!.frames).toEqual([]);
  await expect.poll(ffmpegs, { timeout: 2000 }).toEqual([]);

  const asked = performance.now();
  made!.demand.isWanted = true;
  await made!.until(() => made!.frames.length >= 3);
  expect(made!.frames[0]!.at - asked).toBeLessThan(3000);
  expect(made!.frames[0]!.keyframe).toBe(true);
  made!.demand.isWanted = false;
  await made!.until(() => made!.demand.pauses === 2);
  await expect.poll(ffmpegs, { timeout: 2000 }).toEqual([]);
  expect(new Set(made!.configs.map(({ record }) => Buffer.from(record).toString('hex'))).size).toBe(1);
  const gaps = copied!.frames.slice(1).map(({ time }, index) => time - copied!.frames[index]!.time);
  expect(Math.max(...gaps)).toBeLessThan(90_000 * 0.5);
  first.abort();
  await stop();

  // When the camera is started again it is known without any FFmpeg.
  const again = await run();
  again.camera.config(recordedCamera().config);
  expect(again.tracks[1]!.configs).toEqual([made!.configs[0]]);
  play(again.camera, recordedCamera(), playing().signal);
  await again.tracks[0]!.until(() => again.tracks[0]!.frames.length >= 5);
  expect(ffmpegs()).toEqual([]);
});
