/** Somebody else's encoder pushes DASH to Fast-ll's edge: FFmpeg with its own muxer, as in the original's README. */
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import { execa } from 'execa';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitBoxes } from '../../protocol/boxes.ts';
import { noChromium, openBrowser } from './support/browser.ts';
import { freePort, startFastLl, type RunningFastLl } from './support/fast-ll.ts';
import { ffprobe, noFfprobe } from './support/ffprobe.ts';
import { onPath } from './support/programs.ts';
import { Viewer } from './support/segments.ts';
import { dashJs, PlayerPage } from './support/stock-player.ts';

const ffmpeg = onPath('ffmpeg') ?? ffmpegInstaller.path;
/** Since FFmpeg 4.2; the one from npm is older, and knows nothing of low latency either. */
const hasHttpOptions = (await execa(ffmpeg, ['-hide_banner', '-h', 'muxer=dash'])).stdout.includes('-http_opts');

/**
 * FFmpeg as encoder and as DASH muxer. The muxer passes HTTP headers on to all its requests only from `-http_opts`;
 * `-headers` is taken and not used, without a word. `?token=` in the output's URL reaches the manifest's requests only:
 * where there is no `-http_opts` the token has to be in the names of init and media segments too.
 */
function push(manifest: string, token: string, signal: AbortSignal, more: readonly string[] = []) {
  const query = `?token=${token}`;
  const names = [
    ...['-init_seg_name', `init-stream$RepresentationID$.m4s${query}`],
    ...['-media_seg_name', `chunk-stream$RepresentationID$-$Number%05d$.m4s${query}`],
  ];
  const header = ['-http_opts', String.raw`headers=Authorization\: Bearer ${token}`];
  const lowLatency = ['-ldash', '1', '-frag_type', 'duration', '-frag_duration', '0.1'];
  return execa(
    ffmpeg,
    [
      ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'error'],
      ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'],
      ...[
        '-re',
        '-f',
        'lavfi',
        '-i',
        'sine=sample_rate=48000',
        '-c:a',
        'aac',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
      ],
      ...['-tune', 'zerolatency', '-g', '10', '-keyint_min', '10', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'],
      ...['-f', 'dash', '-method', 'PUT', '-streaming', '1', '-use_template', '1', '-use_timeline', '0'],
      ...more,
      ...['-seg_duration', '1', '-utc_timing_url', new URL('/isotime', manifest).href],
      ...(hasHttpOptions ? [...lowLatency, ...header, manifest] : [...names, `${manifest}${query}`]),
    ],
    { stdin: 'ignore', reject: false, cancelSignal: signal, forceKillAfterDelay: 2000 },
  );
}

test.skipIf(!hasHttpOptions)('streams that FFmpeg removes when it ends are gone, each of them', async () => {
  const port = await freePort();
  await using edge = startFastLl(['edge', '--port', String(port)]);
  const [, token = ''] = await edge.says(/^Publish token for all streams, .*: (\S+)$/m);
  const streams = ['one', 'two', 'three', 'four', 'five'];
  const manifestOf = (stream: string): string => `http://127.0.0.1:${port}/${stream}/manifest.mpd`;
  const pushing = streams.map((stream) =>
    push(manifestOf(stream), token, AbortSignal.timeout(30_000), ['-t', '2', '-remove_at_exit', '1']),
  );
  const known = async (): Promise<string[]> => {
    const answer = await request(`http://127.0.0.1:${port}/api/streams`);
    const { streams: all } = (await answer.body.json()) as { streams: { stream: string }[] };
    return all.map(({ stream }) => stream);
  };
  await expect.poll(known, { timeout: 20_000 }).not.toEqual([]);
  await Promise.all(pushing);
  await expect.poll(known, { timeout: 5000 }).toEqual([]);
});

describe('a stream that FFmpeg pushes', () => {
  const encoding = new AbortController();
  let edge: RunningFastLl;
  let pushed: ReturnType<typeof push>;
  let viewer: Viewer;
  let manifest: string;
  let token: string;

  beforeAll(async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    edge = startFastLl(['edge', '--port', String(port), '--origin', '*']);
    viewer = new Viewer(origin, 'pushed');
    manifest = new URL('manifest.mpd', viewer.base).href;
    [, token = ''] = await edge.says(/^Publish token for all streams, .*: (\S+)$/m);
    pushed = push(manifest, token, encoding.signal);
    await viewer.whenState('pushed');
  });
  afterAll(async () => {
    encoding.abort();
    await pushed;
    await viewer[Symbol.asyncDispose]();
    await edge[Symbol.asyncDispose]();
  });

  test('needs a token', async () => {
    const answer = await request(new URL('chunk-stream0-1.m4s', viewer.base), { method: 'PUT', body: 'anything' });
    expect(answer.statusCode).toBe(401);
    expect(await answer.body.text()).toContain('expected a valid token');
  });

  test('has its manifest served as it is, without the token that it was pushed with', async () => {
    await expect.poll(() => viewer.manifest(), { timeout: 5000 }).toContain('type="dynamic"');
    const text = await viewer.manifest();
    expect(text).toContain('chunk-stream$RepresentationID$-$Number%05d$.m4s');
    expect(text).not.toContain(token);
  });

  test('keeps its token to itself, even one that stands in the names of its segments', async () => {
    const names = `initialization="init-stream$RepresentationID$.m4s?token=${token}" media="chunk-stream$RepresentationID$-$Number$.m4s?a=b&amp;token=${token}"`;
    const body = `<MPD type="dynamic"><SegmentTemplate ${names}/></MPD>`;
    const url = new URL(`/named/manifest.mpd?token=${token}`, viewer.base);
    expect((await request(url, { method: 'PUT', body })).statusCode).toBe(201);
    await using other = new Viewer(viewer.base, 'named');
    expect(await other.manifest()).toBe(
      '<MPD type="dynamic"><SegmentTemplate initialization="init-stream$RepresentationID$.m4s" media="chunk-stream$RepresentationID$-$Number$.m4s?a=b"/></MPD>',
    );
  });

  test('has its init segment and segments served while they are pushed', async () => {
    expect(splitBoxes(await viewer.init()).boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov']);
    const early = await viewer.segment(4);
    expect(early.boxes).toEqual(expect.arrayContaining(['moof', 'mdat']));
    const arrivals = new Set(early.fragments.map(({ arrivedAt }) => Math.round(20 * arrivedAt)));
    expect(arrivals.size, 'moments of arrival, to 50 ms').toBeGreaterThanOrEqual(8);
    expect((await viewer.text('chunk-stream0-00002.m4s')).status).toBe(200);
  });

  test.skipIf(noFfprobe)('is read by ffprobe', async () => {
    const { streams } = await ffprobe(manifest);
    expect(streams).toMatchObject([
      { codec_name: 'h264', width: 320, height: 180 },
      { codec_name: 'aac', sample_rate: '48000' },
    ]);
  });

  test.skipIf(noChromium)('is played by dash.js, sound and all', async () => {
    const browser = await openBrowser();
    try {
      await using page = await PlayerPage.open(browser, dashJs, manifest);
      await page.plays();
      await page.watch(1);
      const { samples, errors } = await page.watch(4);
      expect(errors).toEqual([]);
      const [first, last] = [samples[0]!, samples.at(-1)!];
      const pace = (last.time - first.time) / (last.at - first.at);
      expect(pace).toBeGreaterThan(0.8);
      expect(pace).toBeLessThan(1.2);
      expect(last.sound).toBeGreaterThan(first.sound);
    } finally {
      await browser.close();
    }
  });
});
