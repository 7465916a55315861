/** Clocks that are wrong, and clocks that somebody sets while they are gone by. */
/// <reference lib="dom" />
import { describe, expect, onTestFinished, test } from 'vitest';
import { noChromium, openBrowser } from '../e2e/support/browser.ts';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl } from '../e2e/support/fast-ll.ts';
import { Viewer } from '../e2e/support/segments.ts';
import { camera as cameraEntry, fastLlWith, generated } from '../e2e/support/streams.ts';
import { expectNumbersByTheClock, watch } from '../e2e/support/watcher.ts';
import { startCamera } from '../fixtures/camera/camera.ts';
import { noWallClock, WallClock } from '../fixtures/wall-clock/wall-clock.ts';
import { tell } from './support/figures.ts';

const now = (): number => Date.now() / 1000;

describe.skipIf(noWallClock !== undefined)('of an agent whose edge is elsewhere the clock', () => {
  test.for([5, -5])('is wrong by %d s, and then set right: viewers see the picture in time', async (wrong) => {
    await using clock = await WallClock.create();
    await clock.step(wrong);
    await using camera = await startCamera({ size: '320x180', fps: 15 });
    const port = await freePort();
    await using _edge = await startEdge(port);
    await using files = await folderWith({
      'config.json': { edge: `http://127.0.0.1:${port}`, streams: 'streams.json' },
      'streams.json': [
        cameraEntry('cam', camera.url, { alwaysOn: true, public: true }),
        generated('made', { alwaysOn: true, public: true }),
      ],
    });
    await using agent = startFastLl(['-c', files.path('config.json')], {
      environment: { ...clock.environment, FASTLL_TOKEN: await publishToken() },
    });
    for (const name of ['cam', 'made']) await agent.says(new RegExp(`${name}: live`));
    const began = now();
    const [watcher, madeByFfmpeg] = ['cam', 'made'].map((name) => watch(`http://127.0.0.1:${port}`, name));
    for (const one of [watcher!, madeByFfmpeg!]) await one.seesAfter(began);
    const way = wrong > 0 ? 'ahead of' : 'behind';
    const said = `this machine's clock is ${Math.abs(wrong)}.0 s ${way} the edge's: pictures get the edge's time`;
    expect(agent.stderr.split(said)).toHaveLength(2);

    const setRight = now();
    await clock.step(-wrong);
    await agent.says(/this machine's clock agrees with the edge's again/);
    const until = now();
    await watcher!.seesAfter(until);
    // FFmpeg, which looks at that clock itself, is started anew.
    const back = await madeByFfmpeg!.seesAfter(setRight + 1);
    tell({ fault: `a clock that is wrong by ${wrong} s is set right`, back: [back + 1] });
    for (const { segments } of [watcher!, madeByFfmpeg!]) {
      expectNumbersByTheClock(segments);
      for (const { arrivedAt, time } of segments.flatMap(({ fragments }) => fragments)) {
        if (time > began + 1) expect(Math.abs(arrivedAt - time)).toBeLessThan(1);
      }
    }
    const times = watcher!.segments.flatMap(({ fragments }) => fragments.map(({ time }) => time));
    const gaps = times.map((time, index) => time - (times[index - 1] ?? time));
    expect(Math.max(...gaps), 'what the camera sends is never interrupted').toBeLessThan(0.5);
  });
});

interface Figures {
  readonly state: string;
  readonly latencyMs: number | null;
}

describe.skipIf(noWallClock !== undefined || noChromium)('of a machine with camera, edge and browser the clock', () => {
  test.for([5, -5, 60, -60, -3600])(
    'is set by %d s: the page shows the picture of then, and how old it is',
    async (step) => {
      await using clock = await WallClock.create();
      await using camera = await startCamera({ size: '320x180', fps: 15 });
      const entries = [cameraEntry('cam', camera.url, { alwaysOn: true }), generated('asleep')];
      await using running = await fastLlWith(entries, { environment: clock.environment });
      const browser = await openBrowser([], clock.environment);
      onTestFinished(() => browser.close());
      const page = await browser.newPage();
      await page.goto(`${running.origin}/cam/`);
      /** What the page says, and how old its picture is. */
      const look = async (): Promise<Figures & { age: number }> => {
        const { figures, time } = await page.evaluate(() => ({
          figures: (globalThis as unknown as { fastll: Figures }).fastll,
          time: (document.querySelector('video') as HTMLVideoElement).currentTime,
        }));
        return { ...figures, age: clock.now() - 1000 * time };
      };
      const plays = async (): Promise<void> => {
        await expect.poll(look, { timeout: 20_000, interval: 100 }).toMatchObject({ state: 'playing' });
        // The video's own time is ahead of what it shows while it seeks: until then the two differ, and rightly.
        await expect
          .poll(
            async () => {
              const { latencyMs, age } = await look();
              return { isLive: Math.abs(age - 500) < 500, isTrue: Math.abs((latencyMs ?? Infinity) - age) < 150 };
            },
            { timeout: 15_000, interval: 100 },
          )
          .toEqual({ isLive: true, isTrue: true });
      };
      await plays();

      const began = performance.now();
      await clock.step(step);
      await plays();
      tell({ fault: `the clock of agent, edge and page set by ${step} s`, back: [(performance.now() - began) / 1000] });
      await using other = new Viewer(running.origin, 'asleep');
      expect(await other.manifest()).toContain('<MPD');
    },
  );
});
