/** Clocks that are wrong, and clocks that somebody sets while they are gone by. */
import { describe, expect, test } from 'vitest';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl } from '../e2e/support/fast-ll.ts';
import { camera as cameraEntry, generated } from '../e2e/support/streams.ts';
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
