/** A camera whose parameter sets change in mid-stream, as at night or by its menu: those who watch its copy go on. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCamera } from '../fixtures/camera/camera.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { folderWith } from './support/fast-ll.ts';
import { record } from './support/recording.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage } from './support/stock-player.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';

const SMALL = { size: '320x180', gopsSeconds: [2, 2] };
const LARGE = { size: '480x270', gopsSeconds: [2, 2] };

describe.skipIf(noChromium)('a picture that is larger from now on, and smaller again', () => {
  test("is shown so by dash.js and Fast-ll's page, neither of which stands still", async () => {
    await using files = await folderWith({});
    await using camera = await startCamera({ recorded: await record(files.path('.'), SMALL, LARGE) });
    const entry = cameraEntry('front', camera.url, { alwaysOn: true, qualities: { video: [{ copy: true }] } });
    await using running = await fastLlWith([entry], { config: { origins: ['*'] } });
    await using viewer = new Viewer(running.origin, 'front');
    await viewer.whenState('live', 20_000);
    const browser = await openBrowser();
    onTestFinished(() => browser.close());

    const own = await browser.newPage();
    await own.goto(`${running.origin}/front/`);
    await using dash = await PlayerPage.open(browser, dashJs, `${running.origin}/front/manifest.mpd`);
    await dash.plays();
    await own.waitForFunction(() => (globalThis as unknown as Page).fastll?.state === 'playing');

    // While it joins it may wait.
    await dash.watch(2);
    // Longer than from one change to the next but one.
    const { samples, waits, errors } = await dash.watch(9);
    expect(errors).toEqual([]);
    expect(waits, 'moments without media').toEqual([]);
    expect(new Set(samples.map(({ width }) => width))).toEqual(new Set([320, 480]));
    const { state, stalls } = await own.evaluate(() => (globalThis as unknown as Required<Page>).fastll);
    expect({ state, stalls }).toEqual({ state: 'playing', stalls: 0 });
  });
});

interface Page {
  readonly fastll?: { readonly state: string; readonly stalls: number };
}
