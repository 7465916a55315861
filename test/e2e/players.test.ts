/** Players that know nothing of Fast-ll, as they come, on a stream with every default; and Fast-ll's own page. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noChromium, openBrowser } from './support/browser.ts';
import { ffmpegOf } from './support/processes.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage, shaka } from './support/stock-player.ts';
import { fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';

/** Seconds to look at a player for; FASTLL_LONG=1 for a minute. */
const LENGTH = process.env['FASTLL_LONG'] === '1' ? 60 : 20;
/** Stock players are. */
const OTHER_SITES = { origins: ['*'] };
/** The default. */
const TARGET_LATENCY = 0.5;

let running: ConfiguredFastLl;
let viewer: Viewer;
let browser: Browser;

beforeAll(async () => {
  const defaults = {
    ...{ name: 'Defaults', stream: 'cam', type: 'GEN', alwaysOn: true },
    qualities: { video: [{ targetWidth: '640', targetBitrate: '800' }] },
  };
  running = await fastLlWith([defaults], { config: OTHER_SITES });
  viewer = new Viewer(running.origin, 'cam');
  await viewer.whenState('live');
  if (!noChromium) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await viewer[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

async function killFfmpeg(): Promise<number> {
  process.kill((await ffmpegOf(running.fastLl.pid)).pid, 'SIGKILL');
  return Date.now() / 1000;
}

describe.for([
  ['dash.js', dashJs],
  ['Shaka', shaka],
] as const)('%s without any settings', ([, player]) => {
  let page: PlayerPage;
  beforeAll(async () => {
    page = await PlayerPage.open(browser, player, new URL('manifest.mpd', viewer.base).href);
  });
  afterAll(() => page?.[Symbol.asyncDispose]());

  test.skipIf(noChromium)(
    'plays at the pace of reality and at the latency that the manifest asks for',
    { timeout: 90_000 },
    async () => {
      await page.plays();
      await page.watch(2);
      const { samples, waits, errors } = await page.watch(LENGTH);
      const latencies = samples.map(({ at, time }) => at - time);
      const [first, last] = [samples[0]!, samples.at(-1)!];
      expect(errors).toEqual([]);
      expect(waits, 'moments without media').toEqual([]);
      expect(Math.abs((last.time - first.time) / (last.at - first.at) - 1)).toBeLessThan(0.03);
      expect(Math.max(...latencies)).toBeLessThan(TARGET_LATENCY + 0.5);
      expect(Math.min(...latencies), 'nobody sees the future').toBeGreaterThan(0);
    },
  );

  test.skipIf(noChromium)('goes on, without a reload, after FFmpeg was killed', async () => {
    const killed = await killFfmpeg();
    await page.shows(killed, 10_000);
    await page.plays();
    const { samples, errors } = await page.watch(2);
    expect(errors).toEqual([]);
    expect(samples.at(-1)!.time - samples[0]!.time).toBeGreaterThan(1.5);
  });
});

test.skipIf(noChromium).for([
  ['dash.js', dashJs],
  ['Shaka', shaka],
] as const)(
  '%s wakes a camera, and plays it seconds behind reality, before which there was no picture',
  async ([, player]) => {
    await using sleeping = await fastLlWith([generated('asleep', { targetLatency: 2 })], { config: OTHER_SITES });
    await using page = await PlayerPage.open(browser, player, `${sleeping.origin}/asleep/manifest.mpd`);
    await page.plays(10_000);
  },
);

/** What the page tells of its video. */
interface Figures {
  readonly state: string;
  readonly latencyMs: number | null;
  readonly stalls: number;
  readonly reattached: number;
}

test.skipIf(noChromium)("Fast-ll's own page plays at the target and comes back after FFmpeg was killed", async () => {
  const page = await browser.newPage();
  await page.goto(viewer.base.href);
  const figures = (): Promise<Figures> => page.evaluate(() => (globalThis as unknown as { fastll: Figures }).fastll);
  await page.waitForFunction(() => (globalThis as unknown as { fastll: Figures }).fastll.state === 'playing');
  await page.waitForTimeout(3000);
  const settled = await figures();
  await page.waitForTimeout(5000);
  const later = await figures();
  expect(later).toMatchObject({ state: 'playing', stalls: settled.stalls, reattached: 0 });
  expect(later.latencyMs).toBeGreaterThan(0);
  expect(later.latencyMs).toBeLessThan(1000 * (TARGET_LATENCY + 0.5));

  const killed = await killFfmpeg();
  const shown = (moment: number): boolean => (document.querySelector('video')?.currentTime ?? 0) > moment;
  await page.waitForFunction(shown, killed, { timeout: 10_000 });
  await page.waitForFunction(() => (globalThis as unknown as { fastll: Figures }).fastll.state === 'playing');
  await page.close();
});
