/** A stream with sound, in players that know nothing of Fast-ll and on its own page. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_SECRET } from '../secret.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { onPath } from './support/programs.ts';
import { Viewer } from './support/segments.ts';
import { Sound } from './support/sound.ts';
import { dashJs, PlayerPage, shaka } from './support/stock-player.ts';
import { fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';

/** Seconds to look at a player for; FASTLL_LONG=1 for a minute. */
const LENGTH = process.env['FASTLL_LONG'] === '1' ? 60 : 4;
const TARGET_LATENCY = 0.2;
const QUALITIES = { video: [100, 300].map((targetBitrate) => ({ targetWidth: 320, targetBitrate })) };
const SWITCHED = { alwaysOn: true, serverSideRepresentationSwitching: true, qualities: QUALITIES };
const LOW = { targetFps: 25, intraInterval: 25, fragmentDuration: 0.04, targetLatency: TARGET_LATENCY, alwaysOn: true };

describe.skipIf(noChromium || onPath('ffmpeg') === undefined)('a stream with sound, meant to be 0.2 s late', () => {
  let running: ConfiguredFastLl;
  let viewer: Viewer;
  let sound: Sound;
  let browser: Browser;

  beforeAll(async () => {
    running = await fastLlWith([generated('cam', LOW), generated('switched', SWITCHED)], {
      config: { origins: ['*'] },
      environment: { FASTLL_SECRET: TEST_SECRET },
    });
    viewer = new Viewer(running.origin, 'cam');
    await viewer.whenState('live');
    sound = await Sound.add({ origin: running.origin, stream: 'cam', segmentDuration: 1, fragmentDuration: 0.04 });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await sound?.[Symbol.asyncDispose]();
    await viewer?.[Symbol.asyncDispose]();
    await running?.[Symbol.asyncDispose]();
  });

  test.for([
    ['dash.js', dashJs],
    ['Shaka', shaka],
  ] as const)('%s decodes both, and stands still for neither', { timeout: 90_000 }, async ([, player]) => {
    await using page = await PlayerPage.open(browser, player, new URL('manifest.mpd', viewer.base).href);
    await page.plays();
    await page.watch(2);
    const { samples, waits, errors } = await page.watch(LENGTH);
    const [first, last] = [samples[0]!, samples.at(-1)!];
    expect(errors).toEqual([]);
    expect(waits, 'moments without media').toEqual([]);
    expect((last.time - first.time) / (last.at - first.at)).toBeCloseTo(1, 1);
    expect(last.sound - first.sound).toBeGreaterThan(0);
  });

  test('is played where the edge switches pictures', async () => {
    const { origin } = running;
    const switching = { segmentDuration: 1, fragmentDuration: 0.1, serverSideRepresentationSwitching: true };
    await using switched = new Viewer(origin, 'switched');
    await switched.whenState('live');
    await using _ = await Sound.add({ origin, stream: 'switched', ...switching });
    await using page = await PlayerPage.open(browser, dashJs, new URL('manifest.mpd', switched.base).href);
    await page.plays();
    // While it joins it may wait.
    await page.watch(2);
    const { samples, errors } = await page.watch(3);
    const [first, last] = [samples[0]!, samples.at(-1)!];
    expect(errors).toEqual([]);
    expect(last.time - first.time).toBeGreaterThan(2);
    expect(last.sound).toBeGreaterThan(first.sound);
    expect((await switched.manifest()).match(/<Representation /g)).toHaveLength(2);
  });

  /** What browsers do by themselves: they play what is muted, or after a click. */
  const strict = (): Promise<Browser> => openBrowser(['--autoplay-policy=document-user-activation-required']);
  const plays = (page: Page): Promise<unknown> =>
    page.waitForFunction(() => (globalThis as unknown as { fastll: Figures }).fastll.state === 'playing');
  /** As a viewer who does nothing: what Playwright evaluates in a page is a click to the browser. */
  async function opens(page: Page): Promise<void> {
    await page.addInitScript(() => {
      const tell = setInterval(() => {
        if ((globalThis as unknown as { fastll?: Figures }).fastll?.state !== 'playing') return;
        clearInterval(tell);
        console.log('plays');
      }, 50);
    });
    const told = page.waitForEvent('console', (message) => message.text() === 'plays');
    await page.goto(viewer.base.href);
    await told;
  }
  const figures = (page: Page): Promise<Figures> =>
    page.evaluate(() => (globalThis as unknown as { fastll: Figures }).fastll);
  const loudness = (page: Page): Promise<readonly [muted: boolean, volume: number]> =>
    page.$eval('video', ({ muted, volume }: HTMLVideoElement) => [muted, volume] as const);

  test("on Fast-ll's own page is muted until it is asked for, and as loud as it was left", async () => {
    await using strictBrowser = await strict();
    const context = await strictBrowser.newContext();
    const page = await context.newPage();
    await opens(page);
    expect(await loudness(page)).toEqual([true, 1]);
    await page.waitForSelector('#unmute:visible');
    await page.waitForFunction(() => document.querySelector('#sound')?.textContent?.startsWith('AAC · ') === true);
    await page.keyboard.press('m');
    await page.waitForSelector('#unmute', { state: 'hidden' });
    await page.focus('#pause');
    for (let press = 0; press < 3; press += 1) await page.keyboard.press('ArrowDown');
    expect(await loudness(page)).toEqual([false, 0.7]);
    expect(await page.inputValue('#volume')).toBe('70');

    // Where nobody has clicked yet the browser lets it play only muted.
    const another = await context.newPage();
    await opens(another);
    expect(await loudness(another)).toEqual([true, 0.7]);
    await another.click('#unmute');
    await plays(another);
    expect(await loudness(another)).toEqual([false, 0.7]);

    await another.keyboard.press('m');
    const [third] = await Promise.all([context.newPage(), another.close(), page.close()]);
    await opens(third);
    expect(await loudness(third)).toEqual([true, 0.7]);
    // That was asked for.
    expect(await third.isVisible('#unmute')).toBe(false);
  });

  test("on Fast-ll's own page is heard at once by who wanted to hear it before, where the browser allows that", async () => {
    const page = await browser.newPage();
    await page.goto(viewer.base.href);
    await plays(page);
    await page.keyboard.press('m');
    await page.reload();
    await plays(page);
    expect(await loudness(page)).toEqual([false, 1]);
    await page.close();
  });

  test("on Fast-ll's own page goes on without when it stops, and with it again when it is back", async () => {
    const page = await browser.newPage();
    await page.goto(viewer.base.href);
    await plays(page);
    const missing = (expected: boolean): Promise<unknown> =>
      page.waitForFunction(
        (is) => (globalThis as unknown as { fastll: Figures }).fastll.soundMissing === is,
        expected,
        { timeout: 12_000 },
      );
    sound.sounds = false;
    await missing(true);
    await plays(page);
    expect((await figures(page)).soundCodec).toBeNull();
    sound.sounds = true;
    await missing(false);
    await plays(page);
    expect((await figures(page)).soundCodec).toBe('mp4a.40.2');
    await page.close();
  });
});

/** What the page tells of its video. */
interface Figures {
  readonly state: string;
  readonly soundCodec: string | null;
  readonly soundMissing: boolean;
}
