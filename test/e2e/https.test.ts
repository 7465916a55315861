/** HTTPS: with a certificate of one's own or one that an authority has signed, and playback that asks for a token. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import { httpsOf } from '../../agent/config/https.ts';
import { startEmbeddedEdge } from '../../agent/embedded-edge.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import { seconds } from '../../protocol/units.ts';
import { TEST_SECRET } from '../secret.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { writeCertificate, writeSigned, type Signed } from './support/certificate.ts';
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

describe.skipIf(onPath('openssl') === undefined)('a certificate that an authority has signed', () => {
  let folder: Awaited<ReturnType<typeof folderWith>>;
  let signed: Signed;
  beforeAll(async () => {
    folder = await folderWith({});
    signed = await writeSigned(folder.path('.'));
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const withFiles = (key: string, cert: string) => ({
    host: '127.0.0.1',
    sslKeyFile: folder.path(key),
    sslCertFile: folder.path(cert),
  });

  test('in a chain: agent and viewers come through', async () => {
    await writeFile(folder.path('chain.pem'), signed.leaf + signed.between);
    const port = await freePort();
    await using files = await folderWith({
      'config.json': { ...withFiles('leaf.key', 'chain.pem'), port, streams: 'streams.json' },
      'streams.json': [generated('cam', { alwaysOn: true })],
    });
    await using fastLl = startFastLl(['-c', files.path('config.json')]);
    await fastLl.says(/cam: live/);
    // As browsers do: it trusts the authority alone, and looks at the name.
    const dispatcher = new Agent({ connect: { ca: signed.authority } });
    const answer = await request(`https://localhost:${port}/cam/manifest.mpd`, { dispatcher });
    expect(await answer.body.text()).toContain('<MPD');
    expect(fastLl.stderr).not.toMatch(/WARN/);
    await dispatcher.close();
  });

  test.for<[what: string, file: (signed: Signed) => string, warning: RegExp | undefined]>([
    ['alone', ({ leaf }) => leaf, undefined],
    ['behind the others', ({ leaf, between, authority }) => authority + between + leaf, undefined],
    ['beside its key', ({ leaf, key }) => key + leaf, undefined],
    [
      'after its end',
      ({ expired, between }) => expired + between,
      /: the certificate ended on \d{4}-\d\d-\d\d: browsers refuse it$/,
    ],
  ])('%s: the agent comes through', async ([, file, warning]) => {
    await writeFile(folder.path('cert.pem'), file(signed));
    const https = await httpsOf(withFiles('leaf.key', 'cert.pem'), systemClock.wall());
    expect(https?.warning ?? '').toMatch(warning ?? /^$/);
    const embedded = await startEmbeddedEdge({
      ...{ host: '127.0.0.1', port: 0, https, secret: TEST_SECRET, playback: 'open', timeDisplacement: seconds(0) },
      ...{ waitForAbsentSegment: true, clock: systemClock, onError: () => {}, onNotice: () => {} },
    });
    try {
      const { dispatcher, sockets, base } = embedded.edge;
      for (const way of [dispatcher, sockets]) {
        const answer = await request(new URL('/version', base), { dispatcher: way });
        expect(answer.statusCode).toBe(200);
        await answer.body.dump();
      }
    } finally {
      await embedded.close();
      await closeConnections(embedded.edge);
    }
  });

  test('is not taken for that of another server, signed by the same authority', async () => {
    const https = await httpsOf(withFiles('leaf.key', 'leaf.pem'), systemClock.wall());
    const other = createServer({ key: signed.key, cert: signed.expired }, (_, response) => response.end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { dispatcher, sockets } = connections(https?.own);
    await expect(request(`https://127.0.0.1:${port}/`, { dispatcher })).rejects.toThrow(/another server answers/);
    await closeConnections({ dispatcher, sockets });
    other.close();
  });

  test.for<[what: string, key: (signed: Signed) => string, cert: (signed: Signed) => string, says: string]>([
    [
      'an encrypted key',
      ({ encryptedKey }) => encryptedKey,
      ({ leaf }) => leaf,
      'KEY: expected a key without a passphrase, got one that is encrypted: make one with "openssl pkey -in … -out …"',
    ],
    [
      'the key of another certificate',
      ({ key }) => key,
      ({ between, authority }) => between + authority,
      'KEY: expected the key of the certificate in CERT, got the key of another one',
    ],
    ['files exchanged', ({ leaf }) => leaf, ({ key }) => key, 'KEY: expected a private key (PEM), got a CERTIFICATE'],
    [
      'no key',
      () => 'nothing',
      ({ leaf }) => leaf,
      'KEY: expected a private key (PEM), got something else (DER, perhaps)',
    ],
    ['an empty certificate', ({ key }) => key, () => '', 'CERT: expected a certificate (PEM), got an empty file'],
    [
      'a certificate that is cut off',
      ({ key }) => key,
      ({ leaf }) => `${leaf.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
      "CERT: expected a certificate (PEM), got one that can't be read: ",
    ],
  ])('with %s is refused, and why', async ([, key, cert, says]) => {
    await writeFile(folder.path('wrong.key'), key(signed));
    await writeFile(folder.path('wrong.pem'), cert(signed));
    const refused = httpsOf(withFiles('wrong.key', 'wrong.pem'), systemClock.wall());
    const sentence = says
      .replace(/^KEY/, folder.path('wrong.key'))
      .replace('CERT:', `${folder.path('wrong.pem')}:`)
      .replace('in CERT,', `in ${folder.path('wrong.pem')},`);
    await expect(refused).rejects.toThrow(
      expect.objectContaining({ message: expect.stringContaining(sentence) as string, exitCode: 2 }),
    );
  });
});
