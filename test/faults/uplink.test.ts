/** The way from the agent to the edge is gone for a while: packets are lost, and neither side is told. */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { noChromium, openBrowser } from '../e2e/support/browser.ts';
import { writeCertificate } from '../e2e/support/certificate.ts';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl, type RunningFastLl } from '../e2e/support/fast-ll.ts';
import { ffmpegOf } from '../e2e/support/processes.ts';
import { Viewer } from '../e2e/support/segments.ts';
import { dashJs, PlayerPage, shaka } from '../e2e/support/stock-player.ts';
import { generated } from '../e2e/support/streams.ts';
import { watch } from '../e2e/support/watcher.ts';
import { startHttp2Front } from '../fixtures/http2-front.ts';
import { tell } from './support/figures.ts';
import { Network, noNetwork } from './support/network.ts';

const now = (): number => Date.now() / 1000;

/** A camera in a network of its own, its edge here; over HTTP/2 as it is on Cloudflare, or HTTP/1.1 as embedded. */
async function remoteCamera({ timeShift, http2 }: { readonly timeShift: number; readonly http2: boolean }) {
  const network = await Network.create();
  onTestFinished(() => network[Symbol.asyncDispose]());
  const port = await freePort();
  const edge = await startEdge(port, '0.0.0.0', '--origin', '*');
  onTestFinished(() => edge[Symbol.asyncDispose]());
  const origin = `http://127.0.0.1:${port}`;
  const token = await publishToken();
  const files = await folderWith({ 'streams.json': [generated('remote', { timeShift })] });
  onTestFinished(() => files[Symbol.asyncDispose]());
  let reached = `http://${network.gateway}:${port}`;
  const [key, certificate] = [files.path('key.pem'), files.path('cert.pem')];
  if (http2) {
    await writeCertificate(key, certificate, network.gateway);
    const front = await startHttp2Front(new URL(origin), { host: network.gateway, key, certificate });
    onTestFinished(() => front[Symbol.asyncDispose]());
    reached = front.url.origin;
  }
  await writeFile(files.path('config.json'), JSON.stringify({ edge: reached, token, streams: 'streams.json' }));
  const agent = startFastLl(['-c', files.path('config.json')], {
    network: network.name,
    environment: http2 ? { NODE_EXTRA_CA_CERTS: certificate } : {},
  });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  const viewer = new Viewer(origin, 'remote');
  onTestFinished(() => viewer[Symbol.asyncDispose]());
  await viewer.whenState('idle', 15_000);
  await viewer.manifest();
  const watcher = watch(origin, 'remote');
  await watcher.seesAfter(now());
  return { network, agent, viewer, watcher, origin };
}

const memoryMb = async ({ pid }: RunningFastLl): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Which of these segments a viewer who asks now gets with media in them. */
async function present(viewer: Viewer, from: number, to: number): Promise<number[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const segments = await Promise.all(numbers.map((number) => viewer.segment(number).catch(() => undefined)));
  return segments.flatMap((segment) => (segment !== undefined && segment.fragments.length > 0 ? [segment.number] : []));
}

describe.skipIf(noNetwork !== undefined)('an uplink that is gone', () => {
  const cases = [
    { outage: 1, timeShift: 30, http2: false },
    { outage: 5, timeShift: 30, http2: false },
    { outage: 9, timeShift: 30, http2: true },
    { outage: 30, timeShift: 10, http2: false },
  ];
  test.for(cases)(
    'for $outage s (HTTP/2: $http2): live within 2 s, and the last $timeShift s can be fetched',
    { timeout: 120_000 },
    async ({ outage, timeShift, http2 }) => {
      const { network, agent, viewer, watcher } = await remoteCamera({ timeShift, http2 });
      const ffmpeg = await ffmpegOf(agent.pid);
      const memory = await memoryMb(agent);

      const cutAt = now();
      await network.cut();
      await sleep(outage * 1000);
      const mendedAt = now();
      await network.mend();
      const back = await watcher.seesAfter(mendedAt);

      const [first, last] = [Math.ceil(cutAt), Math.floor(mendedAt)];
      // What is still in the window when the line is back, with a second for it to be sent.
      const owed = Math.max(first, Math.ceil(mendedAt - timeShift) + 1);
      await expect
        .poll(() => present(viewer, owed, last), { timeout: timeShift * 1000, interval: 250 })
        .toHaveLength(last - owed + 1);
      if (outage > timeShift) await agent.says(/the edge takes segments again.*?(\d+) dropped/);
      tell({ fault: `uplink gone for ${outage} s${http2 ? ', HTTP/2' : ''}`, back: [back], lost: owed - first });
      expect(back).toBeLessThan(2);
      expect((await ffmpegOf(agent.pid)).pid, agent.stderr).toBe(ffmpeg.pid);
      expect((await memoryMb(agent)) - memory).toBeLessThan(60);
    },
  );

  test.skipIf(noChromium)(
    'is not noticed by open pages for longer than it lasts: they play on without a reload',
    async () => {
      const { network, origin } = await remoteCamera({ timeShift: 30, http2: false });
      const browser = await openBrowser();
      onTestFinished(() => browser.close());
      const manifest = `${origin}/remote/manifest.mpd`;
      await using dash = await PlayerPage.open(browser, dashJs, manifest);
      await using other = await PlayerPage.open(browser, shaka, manifest);
      const page = await browser.newPage();
      await page.goto(`${origin}/remote/`);
      const shows = (moment: number): Promise<unknown> =>
        page.waitForFunction((after) => (document.querySelector('video')?.currentTime ?? 0) > after, moment, {
          timeout: 20_000,
        });
      await Promise.all([dash.plays(), other.plays(), shows(now())]);

      await network.cut();
      await sleep(5000);
      const mendedAt = now();
      await network.mend();
      const since = async (shown: Promise<unknown>): Promise<number> => shown.then(() => now() - mendedAt);
      const [ours, dashJsBack, shakaBack] = await Promise.all([
        since(shows(mendedAt)),
        since(dash.shows(mendedAt, 20_000)),
        since(other.shows(mendedAt, 20_000)),
      ]);

      tell({ fault: 'uplink gone for 5 s, our page', back: [ours] });
      tell({ fault: 'uplink gone for 5 s, stock dash.js', back: [dashJsBack] });
      tell({ fault: 'uplink gone for 5 s, stock Shaka', back: [shakaBack] });
    },
  );
});
