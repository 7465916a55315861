/** Server-side representation switching: one representation is listed, and the edge picks what is behind it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onPath } from './support/programs.ts';
import { Viewer } from './support/segments.ts';
import { fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';

const FPS = 15;
const QUALITIES = {
  targetFps: FPS,
  alwaysOn: true,
  qualities: { video: [200, 500, 1200].map((targetBitrate) => ({ targetWidth: 640, targetBitrate })) },
};

let running: ConfiguredFastLl;
let viewer: Viewer;
let fixed: Viewer;

beforeAll(async () => {
  running = await fastLlWith([
    generated('switched', { ...QUALITIES, serverSideRepresentationSwitching: true }),
    generated('fixed', QUALITIES),
  ]);
  viewer = new Viewer(running.origin, 'switched');
  fixed = new Viewer(running.origin, 'fixed');
  for (const one of [viewer, fixed]) await one.whenState('live');
  // Until there are a few to lag by.
  for (let whole = 0; whole < 4; whole += 1) await viewer.segment(viewer.current + 1);
});
afterAll(async () => {
  await viewer[Symbol.asyncDispose]();
  await fixed[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

const kbps = async (number: number): Promise<number> => ((await viewer.segment(number)).bytes.length * 8) / 1000;
/** Waits until a segment has begun, so that it is the newest for a while. */
async function nextSegment(): Promise<number> {
  const next = viewer.current + 1;
  await sleep(next * 1000 + 100 - Date.now());
  return next;
}

const force = (what: string): Promise<{ status: number; text: string }> => viewer.text(`/ssss/switched/${what}`);

test('the manifest lists one representation', async () => {
  expect(await viewer.manifest()).toMatch(/<Representation id="0"/);
  expect((await viewer.manifest()).match(/<Representation /g)).toHaveLength(1);
});

test('who lags by a segment gets the next lower bitrate, down to the lowest', async () => {
  const newest = await nextSegment();
  const [lowest, lower, low, highest] = await Promise.all([3, 2, 1, 0].map((lag) => kbps(newest - lag)));
  expect(highest).toBeGreaterThan(1.5 * low!);
  expect(low).toBeGreaterThan(1.5 * lower!);
  expect(lowest! / lower!).toBeCloseTo(1, 0);
});

test.skipIf(onPath('ffmpeg') === undefined)('what comes over every switch decodes without a complaint', async () => {
  const newest = await nextSegment();
  // Lowest, lowest, middle, highest.
  const segments = await Promise.all([3, 2, 1, 0].map((lag) => viewer.segment(newest - lag)));
  const input = Buffer.concat([await viewer.init(), ...segments.map(({ bytes }) => bytes)]);
  const decode = ['-v', 'warning', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-f', 'framecrc', '-'];
  const { stdout, stderr } = await execa('ffmpeg', decode, { input });
  const frames = segments.flatMap(({ fragments }) => fragments.flatMap((fragment) => fragment.frames));
  expect(stdout.split('\n').filter((line) => !line.startsWith('#'))).toHaveLength(frames.length);
  expect(stderr).toBe('');
});

test('a representation that is forced is what everyone gets, until it is let go', async () => {
  const settles = { timeout: 5000, interval: 500 };
  expect(await force('0')).toEqual({ status: 200, text: 'OK' });
  await vi.waitFor(async () => expect(await kbps(viewer.current)).toBeLessThan(350), settles);
  expect(await force('2')).toEqual({ status: 200, text: 'OK' });
  await vi.waitFor(async () => expect(await kbps(viewer.current - 3)).toBeGreaterThan(800), settles);
  expect(await force('auto')).toEqual({ status: 200, text: 'OK' });
  await vi.waitFor(async () => expect(await kbps(viewer.current - 3)).toBeLessThan(350), settles);
  expect((await force('7')).status).toBe(404);
  expect((await viewer.text('/ssss/nobody/0')).status).toBe(404);
});

test('a client whose line is slower than the highest bitrate stalls less with it', { timeout: 60_000 }, async () => {
  const [withSwitching, without] = await Promise.all([stalledFor(viewer, 0), stalledFor(fixed, 2)]);
  expect(without).toBeGreaterThan(3);
  expect(withSwitching).toBeLessThan(without / 1.5);
});

/** Seconds that a plain player, which knows no switching of its own, stands still over 12 segments at 800 kbit/s. */
async function stalledFor(who: Viewer, representation: number): Promise<number> {
  const bytesPerSecond = 800_000 / 8;
  const first = who.current;
  let readyAt = Date.now() / 1000;
  let playedUntil: number | undefined;
  let stalled = 0;
  for (let number = first; number < first + 12; number += 1) {
    const url = new URL(`chunk-stream${representation}-${number}.m4s`, who.base);
    const { body } = await request(url);
    const { byteLength } = await body.bytes();
    // The line is busy until then.
    readyAt = Math.max(readyAt, number) + byteLength / bytesPerSecond;
    await sleep(Math.max(0, readyAt * 1000 - Date.now()));
    if (playedUntil !== undefined) stalled += Math.max(0, readyAt - playedUntil);
    playedUntil = Math.max(playedUntil ?? 0, readyAt) + 1;
  }
  return stalled;
}
