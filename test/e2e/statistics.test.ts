/** saveStats: who asked for what and when, for the owner to read. */
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { requestsCsv, streamStatisticsSchema } from '../../protocol/statistics.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { folderWith, freePort, startFastLl } from './support/fast-ll.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage, type StockPlayer } from './support/stock-player.ts';
import { fastLlWith, generated } from './support/streams.ts';

test('each named client has its requests, with what its player says, as JSON and as CSV', async () => {
  await using running = await fastLlWith([generated('cam', { saveStats: true, alwaysOn: true })]);
  await using viewer = new Viewer(running.origin, 'cam');
  await viewer.whenState('live');
  const cmcd = encodeURIComponent('bl=300,br=200,bs,ltc=180,v=2');
  for (let asked = 0; asked < 3; asked += 1) {
    await viewer.text(`/cam-alice/chunk-stream0-${viewer.current + 1}.m4s?CMCD=${cmcd}`);
    await viewer.text(`/cam-bob/chunk-stream0-${viewer.current}.m4s`);
  }
  const { text } = await viewer.text('/api/streams/cam/stats');
  const statistics = streamStatisticsSchema.parse(JSON.parse(text));
  const alice = statistics.clients.find(({ client }) => client === 'alice')?.requests ?? [];
  expect(alice).toHaveLength(3);
  expect(alice[2]).toMatchObject({ buffer: 300, bitrate: 200, latency: 180, stalled: true, clients: 2 });
  expect(alice[1]!.delta).toBe(alice[1]!.time - alice[0]!.time);
  expect(alice[2]!.jitter).toBe(alice[2]!.delta! - alice[1]!.delta!);
  expect((await viewer.text('/api/streams/cam/stats?format=csv')).text).toBe(
    [...requestsCsv(statistics.clients)].join(''),
  );
});

test.skipIf(noChromium)('a player of another site that tells in headers is heard too', async () => {
  await using running = await fastLlWith([generated('cam', { saveStats: true, alwaysOn: true })], {
    config: { origins: ['*'] },
  });
  await using viewer = new Viewer(running.origin, 'cam');
  await viewer.whenState('live');
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const telling = { cmcd: { applyParametersFromMpd: false, enabled: true, mode: 'headers' } };
  const player: StockPlayer = {
    ...dashJs,
    start: `
      const player = dashjs.MediaPlayer().create();
      player.updateSettings({ streaming: ${JSON.stringify(telling)} });
      player.initialize(video, manifest, true);
    `,
  };
  await using page = await PlayerPage.open(browser, player, `${running.origin}/cam-alice/manifest.mpd`);
  await page.plays();
  const { text } = await viewer.text('/api/streams/cam/stats');
  const { clients } = streamStatisticsSchema.parse(JSON.parse(text));
  const alice = clients.find(({ client }) => client === 'alice')?.requests ?? [];
  expect(alice.at(-1)).toMatchObject({ bitrate: expect.any(Number), buffer: expect.any(Number) });
});

test('nothing is kept where nobody asked for it', async () => {
  await using running = await fastLlWith([generated('cam', { alwaysOn: true })]);
  await using viewer = new Viewer(running.origin, 'cam');
  await viewer.whenState('live');
  await viewer.text(`/cam-alice/chunk-stream0-${viewer.current}.m4s`);
  expect(JSON.parse((await viewer.text('/api/streams/cam/stats')).text)).toEqual({ stream: 'cam', clients: [] });
});

test("when the agent stops, the summary lies beside it in the original's shape", async () => {
  const port = await freePort();
  await using files = await folderWith({
    'config.json': { host: '127.0.0.1', port, streams: 'streams.json' },
    'streams.json': [generated('cam', { saveStats: true, alwaysOn: true })],
  });
  const fastLl = startFastLl(['-c', files.path('config.json')], { cwd: files.path('.') });
  await fastLl.says(/cam: live/);
  await using viewer = new Viewer(`http://127.0.0.1:${port}`, 'cam');
  for (const client of ['alice', 'bob', 'alice']) {
    await vi.waitFor(async () => {
      expect((await viewer.text(`/cam-${client}/chunk-stream0-${viewer.current}.m4s`)).status).toBe(200);
    });
  }
  fastLl.kill('SIGTERM');
  expect(await fastLl.ended).toBe(0);
  const [header, first, second] = (await readFile(files.path('summary_jitter.csv'), 'utf8')).split('\r\n');
  expect(header).toBe('alice_time,alice_delta,alice_jitter,alice_clients,bob_time,bob_delta,bob_jitter,bob_clients');
  expect(first).toMatch(/^\d+,,,1,\d+,,,2$/);
  expect(second).toMatch(/^\d+,\d+,,2,,,,$/);
});
