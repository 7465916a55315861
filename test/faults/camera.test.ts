/** Cameras and encoders that fail in every way: the stream is back by itself, by the clock, and others never notice. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { folderWith } from '../e2e/support/fast-ll.ts';
import { childrenOf } from '../e2e/support/processes.ts';
import type { Segment } from '../e2e/support/segments.ts';
import { camera as cameraEntry, fastLlWith, generated, type ConfiguredFastLl } from '../e2e/support/streams.ts';
import { expectNumbersByTheClock, watch } from '../e2e/support/watcher.ts';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { tell } from './support/figures.ts';

const now = (): number => Date.now() / 1000;
const GARBLING_FFMPEG = fileURLToPath(new URL('../fixtures/garbling-ffmpeg.js', import.meta.url));

describe('of two cameras, one', () => {
  let front: Camera;
  let garden: Camera;
  let running: ConfiguredFastLl;

  beforeAll(async () => {
    front = await startCamera({ path: '/front', size: '320x180', fps: 15 });
    garden = await startCamera({ size: '320x180', fps: 15 });
    running = await fastLlWith([
      cameraEntry('front', front.url, { alwaysOn: true }),
      cameraEntry('garden', garden.url, { alwaysOn: true }),
    ]);
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await front.close();
    await garden.close();
  });

  const frontFfmpeg = async (): Promise<number> => {
    for (const { pid } of await childrenOf(running.fastLl.pid, 'ffmpeg')) {
      if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('title=front')) return pid;
    }
    throw new Error('expected an FFmpeg');
  };

  const troubles: Readonly<Record<string, { readonly begin: () => Promise<void>; readonly limit: number }>> = {
    'sends noise for two seconds': {
      limit: 4,
      begin: async () => {
        front.garble();
        await new Promise((resolve) => setTimeout(resolve, 2000));
        front.resume();
      },
    },
    'puts its clock three hours forward': { limit: 8, begin: async () => front.jump(3 * 3600) },
    'puts its clock five hours back': { limit: 8, begin: async () => front.jump(-5 * 3600) },
    'loses its connection': { limit: 8, begin: async () => front.drop() },
    'has an FFmpeg that is killed': {
      limit: 8,
      begin: async () => void process.kill(await frontFfmpeg(), 'SIGKILL'),
    },
    'has an FFmpeg that hangs': {
      limit: 15,
      begin: async () => void process.kill(await frontFfmpeg(), 'SIGSTOP'),
    },
  };

  test.for(Object.entries(troubles))('%s', async ([name, { begin, limit }]) => {
    const [troubled, other] = [watch(running.origin, 'front'), watch(running.origin, 'garden')];
    await troubled.seesAfter(now());
    await other.seesAfter(now());
    const restarts = running.fastLl.stderr.match(/garden: .*trying again/g)?.length ?? 0;

    const began = now();
    await begin();
    const over = now();
    const back = await troubled.seesAfter(name.includes('hangs') ? over + 1 : over, 20_000);
    // Those who watch the other camera have every segment of the time.
    await other.seesAfter(now());
    const missed = lost(other.segments, began);
    tell({ fault: `a camera that ${name}`, back: [back], note: `${missed} segments of the other camera missed` });
    expect(back).toBeLessThan(limit);
    expect(missed).toBe(0);
    expect(running.fastLl.stderr.match(/garden: .*trying again/g)?.length ?? 0).toBe(restarts);
    expectNumbersByTheClock(troubled.segments);
    expectNumbersByTheClock(other.segments);
  });
});

/** Numbers since `moment` that somebody who watched on did not get with media. */
function lost(segments: readonly Segment[], moment: number): number {
  const seen = segments.filter(({ number }) => number >= Math.floor(moment));
  const numbers = seen.filter(({ fragments }) => fragments.length > 0).map(({ number }) => number);
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  return last - first + 1 - numbers.length;
}

test('an encoder whose output turns into noise is started anew', async () => {
  const ffmpeg = await findFfmpeg();
  await using files = await folderWith({});
  const running = await fastLlWith([generated('noise', { alwaysOn: true })], {
    config: { ffmpeg: GARBLING_FFMPEG },
    environment: { REAL_FFMPEG: ffmpeg, GARBLE: files.path('garble') },
  });
  onTestFinished(() => running[Symbol.asyncDispose]());
  const watcher = watch(running.origin, 'noise');
  await watcher.seesAfter(now());

  const began = now();
  await writeFile(files.path('garble'), '');
  await running.fastLl.says(/noise: what FFmpeg made can't be used: .*; trying again in 0.5 s/);
  const back = await watcher.seesAfter(now());

  tell({ fault: 'an encoder whose output turns into noise', back: [now() - began] });
  expect(back).toBeLessThan(5);
  expectNumbersByTheClock(watcher.segments);
});

test('a camera that wants another password is asked less and less often, and says so', async () => {
  await using camera = await startCamera({
    size: '320x180',
    fps: 15,
    credentials: { user: 'admin', password: 'right' },
  });
  const running = await fastLlWith([
    cameraEntry('locked', camera.url.replace('//', '//admin:wrong@'), { alwaysOn: true }),
    generated('open', { alwaysOn: true }),
  ]);
  onTestFinished(() => running[Symbol.asyncDispose]());
  await running.fastLl.says(/locked: .*(user|password|credentials).*trying again in 30 s/i);
  await watch(running.origin, 'open').seesAfter(now());
});
