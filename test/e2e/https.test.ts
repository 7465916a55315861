/** HTTPS with a key and a certificate of one's own, and playback that asks for a token. */
import { expect, test } from 'vitest';
import { noChromium, openBrowser } from './support/browser.ts';
import { writeCertificate } from './support/certificate.ts';
import { folderWith, freePort, startFastLl } from './support/fast-ll.ts';
import { onPath } from './support/programs.ts';
import { generated } from './support/streams.ts';

const missing = noChromium || onPath('openssl') === undefined;

test.skipIf(missing)('the printed URL plays over HTTPS; without its token the page asks for one', async () => {
  await using files = await folderWith({
    'config.json': {
      ...{ host: '127.0.0.1', port: await freePort(), streams: 'streams.json', playback: 'token' },
      ...{ sslKeyFile: 'cert.key', sslCertFile: 'cert.pem' },
    },
    'streams.json': [generated('cam', { alwaysOn: true })],
  });
  await writeCertificate(files.path('cert.key'), files.path('cert.pem'));
  await using fastLl = startFastLl(['-c', files.path('config.json')], { cwd: files.path('.') });
  const url = (await fastLl.says(/^cam: (https:\S+\?token=\S+)$/m))[1]!;
  await fastLl.says(/cam: live/);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(url);
    const state = (): string => (globalThis as unknown as { fastll: { state: string } }).fastll.state;
    await expect.poll(() => page.evaluate(state), { timeout: 15_000 }).toBe('playing');
    const manifests = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.includes('/manifest.mpd'))
        .map(({ name }) => name),
    );
    // Asked for before the player was there, and not again by it.
    expect(manifests).toEqual([url.replace('/?', '/manifest.mpd?')]);
    await page.goto(url.replace(/\?.*/, ''));
    await expect.poll(() => page.evaluate(state), { timeout: 15_000 }).toBe('denied');
    expect(await page.getByText(/token/i).first().isVisible()).toBe(true);
  } finally {
    await browser.close();
  }
  expect(fastLl.stderr).not.toContain(new URL(url).searchParams.get('token'));
});
