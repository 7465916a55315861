/** Who joins a camera's own stream, whose keyframes lie wherever the camera puts them: it is seen at once. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { folderWith } from './support/fast-ll.ts';
import { childrenOf } from './support/processes.ts';
import { record } from './support/recording.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage, shaka } from './support/stock-player.ts';
import { camera as cameraEntry, fastLlWith, type ConfiguredFastLl } from './support/streams.ts';

/** Seconds from keyframe to keyframe; of a «smart» codec that sets them when something moves. */
type Gop = number | 'varying';
/** FASTLL_LONG=1 for more cameras. */
const GOPS: readonly Gop[] = process.env['FASTLL_LONG'] === '1' ? [1, 2, 4, 10, 'varying'] : [10, 'varying'];
const VARYING = { size: '320x180', gopsSeconds: [1, 4, 0.4, 7] };
const COPIED = { alwaysOn: true, targetFps: 25, qualities: { video: [{ copy: true }] } };
const nameOf = (gop: Gop): string => `gop${gop}`;
const manifestOf = (gop: Gop): string => `${running.origin}/${nameOf(gop)}/manifest.mpd`;

let files: Awaited<ReturnType<typeof folderWith>>;
let cameras: readonly Camera[];
let running: ConfiguredFastLl;
let browser: Browser;

beforeAll(async () => {
  files = await folderWith({});
  const recorded = await record(files.path('.'), VARYING);
  cameras = await Promise.all(
    GOPS.map((gop) => startCamera(gop === 'varying' ? { recorded } : { size: '320x180', fps: 25, gopSeconds: gop })),
  );
  running = await fastLlWith(
    cameras.map(({ url }, index) => cameraEntry(nameOf(GOPS[index]!), url, COPIED)),
    { config: { origins: ['*'] } },
  );
  if (!noChromium) browser = await openBrowser();
  for (const gop of GOPS) {
    await using viewer = new Viewer(running.origin, nameOf(gop));
    await viewer.whenState('live', 20_000);
  }
});
afterAll(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
  await Promise.all(cameras?.map((camera) => camera.close()) ?? []);
  await files?.[Symbol.asyncDispose]();
});

test('no encoder runs, and each camera is asked once', async () => {
  expect(await childrenOf(running.fastLl.pid, 'ffmpeg')).toEqual([]);
  expect(cameras.map(({ sessions }) => sessions)).toEqual(GOPS.map(() => 1));
});

describe.skipIf(noChromium).for(GOPS)('with a keyframe every %s s', (gop) => {
  test.for([
    ['dash.js', dashJs],
    ['Shaka', shaka],
  ] as const)('%s begins at once wherever in a group of pictures it comes, and does not stop', async ([, player]) => {
    await using page = await PlayerPage.open(browser, player, manifestOf(gop));
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
    await page.goto(`${running.origin}/${nameOf(gop)}/`);
    await page.waitForFunction(
      () => (globalThis as unknown as { fastll?: { state: string } }).fastll?.state === 'playing',
      undefined,
      { timeout: 5000 },
    );
    await page.close();
  });
});
