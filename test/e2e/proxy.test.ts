/** An edge below a path of nginx, which is as it comes but for what docs/proxies.md says. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noChromium, openBrowser } from './support/browser.ts';
import { publishToken, startEdge } from './support/edge-process.ts';
import { folderWith, freePort, runFastLl, startFastLl } from './support/fast-ll.ts';
import { noNginx, startNginx } from './support/nginx.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage, shaka } from './support/stock-player.ts';
import { generated } from './support/streams.ts';

/** For viewers. */
const AS_IT_COMES = (edge: number): string => `location /cameras/ { proxy_pass http://127.0.0.1:${edge}/; }`;
/** For agents. */
const AS_DOCUMENTED = (edge: number): string => `
  location /cameras/ {
    proxy_pass http://127.0.0.1:${edge}/;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    client_max_body_size 33m;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_read_timeout 180s;
  }`;
const UPGRADE = "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }";

describe.skipIf(noNginx)('an edge behind nginx', () => {
  const opened = new AsyncDisposableStack();
  const ports = { edge: 0, agents: 0, viewers: 0, tls: 0 };
  let config: string;
  let browser: Browser;

  beforeAll(async () => {
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    const { edge, agents, viewers, tls } = ports;
    opened.use(await startEdge(edge, '127.0.0.1', '--origin', '*'));
    opened.use(
      await startNginx(
        viewers,
        `${UPGRADE}
        server { listen 127.0.0.1:${agents}; ${AS_DOCUMENTED(edge)} }
        server {
          listen 127.0.0.1:${viewers}; listen 127.0.0.1:${tls} ssl;
          ssl_certificate cert.pem; ssl_certificate_key cert.key; ${AS_IT_COMES(edge)}
        }`,
      ),
    );
    const files = opened.use(
      await folderWith({
        'config.json': {
          ...{ edge: `http://127.0.0.1:${agents}/cameras`, token: await publishToken(), streams: 'streams.json' },
        },
        'streams.json': [generated('cam', { alwaysOn: true, targetFps: 25, saveStats: true })],
      }),
    );
    config = files.path('config.json');
    const agent = opened.use(startFastLl(['-c', config], { cwd: files.path('.') }));
    await agent.says(/cam: live/);
    if (!noChromium) browser = await openBrowser();
    opened.defer(async () => browser?.close());
  });
  afterAll(() => opened.disposeAsync());

  test('has each fragment go through when it is made', async () => {
    await using viewer = new Viewer(`http://127.0.0.1:${ports.viewers}`, 'cameras/cam');
    const { fragments } = await viewer.segment(viewer.current + 1);
    expect(fragments.length).toBeGreaterThan(5);
    for (const { arrivedAt, time } of fragments) expect(arrivedAt - time).toBeLessThan(0.6);
  });

  test('is found well by an agent whose edge has a path', async () => {
    const { exitCode, stdout } = await runFastLl(['check', '-c', config]);
    expect(stdout).toContain(`http://127.0.0.1:${ports.agents}/cameras is Fast-ll`);
    expect(exitCode, stdout).toBe(0);
  });

  test.skipIf(noChromium)('shows its pages over TLS, which find all that they need', async () => {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const stray: string[] = [];
    page.on('response', (response) => {
      if (!response.url().includes('/cameras/') || response.status() >= 400) stray.push(response.url());
    });
    const edge = `https://127.0.0.1:${ports.tls}/cameras/`;
    await page.goto(`${edge}cam-kitchen`);
    expect(page.url()).toBe(`${edge}cam-kitchen/`);
    const state = (): string => (globalThis as unknown as { fastll: { state: string } }).fastll.state;
    await expect.poll(() => page.evaluate(state), { timeout: 15_000 }).toBe('playing');
    await page.getByRole('link', { name: 'All streams' }).click();
    await page.getByRole('link', { name: 'Story: cam' }).click();
    await page.waitForURL(`${edge}cam/`);
    await expect.poll(() => page.evaluate(state), { timeout: 15_000 }).toBe('playing');
    expect(stray).toEqual([]);
    await page.close();
  });

  test.skipIf(noChromium).for([
    ['dash.js', dashJs],
    ['Shaka', shaka],
  ] as const)('%s plays, though the clock of its machine is wrong by a minute', async ([, player]) => {
    const manifest = `http://127.0.0.1:${ports.viewers}/cameras/cam/manifest.mpd`;
    for (const clockAheadMs of [-60_000, 60_000]) {
      await using page = await PlayerPage.open(browser, player, manifest, clockAheadMs);
      await page.plays();
    }
  });
});
