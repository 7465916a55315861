/** Who joins a camera's own stream, whose keyframes lie wherever the camera puts them: it is seen at once. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { childrenOf } from './support/processes.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage, shaka } from './support/stock-player.ts';
import { camera as cameraEntry, fastLlWith, type ConfiguredFastLl } from './support/streams.ts';

/** FASTLL_LONG=1 for more cameras. */
const isLong = process.env['FASTLL_LONG'] === '1';
/** Seconds from keyframe to keyframe. */
const GOPS_SECONDS = isLong ? [1, 2, 4, 10] : [4, 10];
const COPIED = { alwaysOn: true, targetFps: 25, qualities: { video: [{ copy: true }] } };
const nameOf = (gopSeconds: number): string => `gop${gopSeconds}`;
const manifestOf = (gopSeconds: number): string => `${running.origin}/${nameOf(gopSeconds)}/manifest.mpd`;

let cameras: readonly Camera[];
let running: ConfiguredFastLl;
let browser: Browser;

beforeAll(async () => {
  cameras = await Promise.all(GOPS_SECONDS.map((gopSeconds) => startCamera({ size: '320x180', fps: 25, gopSeconds })));
  running = await fastLlWith(
    cameras.map(({ url }, index) => cameraEntry(nameOf(GOPS_SECONDS[index]!), url, COPIED)),
    { config: { origins: ['*'] } },
  );
  if (!noChromium) browser = await openBrowser();
  for (const gopSeconds of GOPS_SECONDS) {
    await using viewer = new Viewer(running.origin, nameOf(gopSeconds));
    await viewer.whenState('live', 20_000);
  }
});
afterAll(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
  await Promise.all(cameras?.map((camera) => camera.close()) ?? []);
});

test('no encoder runs, and each camera is asked once', async () => {
  expect(await childrenOf(running.fastLl.pid, 'ffmpeg')).toEqual([]);
  expect(cameras.map(({ sessions }) => sessions)).toEqual(GOPS_SECONDS.map(() => 1));
});

describe.skipIf(noChromium).for(GOPS_SECONDS)('with a keyframe every %i s', (gopSeconds) => {
  test.for([
    ['dash.js', dashJs],
    ['Shaka', shaka],
  ] as const)('%s begins at once wherever in a group of pictures it comes, and does not stop', async ([, player]) => {
    await using page = await PlayerPage.open(browser, player, manifestOf(gopSeconds));
    await page.plays(3000);
    // The second segment has a preroll too, for those who begin with it.
    await page.watch(3);
    const { samples, waits, errors } = await page.watch(1.5);
    expect(errors).toEqual([]);
    expect(waits, 'moments without media').toEqual([]);
    expect(Math.max(...samples.map(({ at, time }) => at - time)), 'seconds behind reality').toBeLessThan(1.2);
  });

  test("so does Fast-ll's page", async () => {
    const page = await browser.newPage();
    await page.goto(`${running.origin}/${nameOf(gopSeconds)}/`);
    await page.waitForFunction(
      () => (globalThis as unknown as { fastll?: { state: string } }).fastll?.state === 'playing',
      undefined,
      { timeout: 5000 },
    );
    await page.close();
  });
});
