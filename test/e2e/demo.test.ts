/** `fast-ll demo`: the first thing a person tries. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { splitBoxes } from '../../protocol/boxes.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { childrenOf, leftOf } from './support/processes.ts';
import { freePort, startFastLl, type RunningFastLl } from './support/fast-ll.ts';
import { Viewer } from './support/segments.ts';

describe('the demo', () => {
  let demo: RunningFastLl;
  let viewer: Viewer;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    demo = startFastLl(['demo', '--port', String(port)]);
    viewer = new Viewer(`http://127.0.0.1:${port}`, 'demo');
    await demo.says(/^All streams:/m);
    await viewer.whenState('live');
  });
  afterAll(async () => {
    await viewer[Symbol.asyncDispose]();
    await demo[Symbol.asyncDispose]();
  });

  test('prints where the player is', async () => {
    const [, url = ''] = await demo.says(/^demo: (\S+)$/m);
    expect(url).toBe(`http://127.0.0.1:${port}/demo/`);
    expect(await (await fetch(url)).text()).toMatch(/<video/);
  });

  test('has a manifest that speaks of its segments, and an init segment', async () => {
    const manifest = await viewer.manifest();
    expect(manifest).toContain('availabilityTimeComplete="false"');
    expect(manifest).toContain('media="chunk-stream$RepresentationID$-$Number$.m4s"');
    expect(splitBoxes(await viewer.init()).boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov']);
  });

  test('starts each segment with a keyframe, by the clock, and says of each fragment when it was captured', async () => {
    const FRAME = 1 / 25;
    const first = viewer.current + 1;
    for (const number of [first, first + 1, first + 2]) {
      const { boxes, fragments } = await viewer.segment(number);
      expect(boxes).toEqual(['styp', ...fragments.flatMap(() => ['prft', 'moof', 'mdat']), 'mdat']);
      expect(fragments[0]?.frames[0]?.keyframe).toBe(true);
      expect(Math.abs(fragments[0]!.time - number)).toBeLessThan(FRAME);
      for (const { time, reference, arrivedAt, frames } of fragments) {
        expect(reference).toBeCloseTo(time, 3);
        expect(arrivedAt - time, 'seconds from capture to viewer').toBeGreaterThan(0);
        expect(arrivedAt - time, 'seconds from capture to viewer').toBeLessThan(1);
        expect(frames).toHaveLength(1);
      }
      expect(fragments.length).toBeGreaterThanOrEqual(12);
    }
  });

  describe.skipIf(noChromium)('on its page', () => {
    /** What the page tells of its video. */
    interface Figures {
      readonly state: string;
      readonly targetMs: number;
      readonly targetWhy: string;
      readonly neededMs: number | null;
    }
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser.close());

    const figuresOf = (page: Page): Promise<Figures> =>
      page.evaluate(() => (globalThis as unknown as { fastll: Figures }).fastll);

    /** Opens it and waits until it knows how late pictures come. */
    async function measuringPage(query: string): Promise<Page> {
      const page = await browser.newPage();
      await page.goto(`${viewer.base.href}${query}`);
      await page.waitForFunction(() => (globalThis as unknown as { fastll: Figures }).fastll.neededMs !== null);
      return page;
    }

    test('has a latency that follows how late pictures come, and says why', async () => {
      const page = await measuringPage('');
      await page.waitForFunction(
        () => (globalThis as unknown as { fastll: Figures }).fastll.targetWhy !== 'configured',
      );
      const { targetMs, neededMs } = await figuresOf(page);
      expect(targetMs).toBeGreaterThanOrEqual(neededMs!);
      await expect
        .poll(() => page.locator('#target').textContent())
        .toMatch(/^Target [\d,]+ ms, (lowered|raised), as /);
      await page.close();
    });

    test('keeps to the latency that its address asks for', async () => {
      const page = await measuringPage('?target=1500');
      expect(await figuresOf(page)).toMatchObject({ targetMs: 1500, targetWhy: 'pinned' });
      await page.close();
    });

    test('asks for a segment before the one in front of it has ended', async () => {
      const page = await measuringPage('');
      const asked = await page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.includes('/chunk-stream'))
          .map(({ startTime, duration }) => ({ from: startTime, to: startTime + duration })),
      );
      const inFront = asked.filter(({ to }, index) => (asked[index + 1]?.from ?? Infinity) < to);
      expect(inFront.length).toBeGreaterThan(0);
      await page.close();
    });

    test('asks for its manifest before its script has run, once', async () => {
      const page = await measuringPage('');
      const entries = await page.evaluate(() =>
        performance.getEntriesByType('resource').map((entry) => {
          const { name, initiatorType } = entry as PerformanceResourceTiming;
          return { name, initiatorType };
        }),
      );
      const manifests = entries.filter(({ name }) => name.endsWith('/manifest.mpd'));
      expect(manifests).toEqual([{ name: new URL('manifest.mpd', viewer.base).href, initiatorType: 'link' }]);
      await page.close();
    });
  });

  test('cannot have a port that is in use, and says what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const other = typeof address === 'object' ? String(address?.port) : '';
    await using second = startFastLl(['demo', '--port', other]);
    expect(await second.ended).toBe(1);
    expect(second.stderr.trim().split('\n').at(-1)).toBe(
      `fast-ll: port ${other} is in use: choose another ("port" in the configuration, or --port), or end what uses it`,
    );
    taken.close();
  });

  // The last of them: it ends the demo.
  test('ends when it is told to, and leaves nothing behind', async () => {
    const children = await childrenOf(demo.pid);
    expect(children.map(({ name }) => name)).toEqual(expect.arrayContaining(['workerd', 'ffmpeg']));
    demo.kill('SIGTERM');
    expect(await demo.ended).toBe(0);
    expect(await leftOf(children)).toEqual([]);
  });
});
