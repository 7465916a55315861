/** The original's parameters, each doing what it did. */
import { request } from 'undici';
import { describe, expect, test, vi } from 'vitest';
import { Viewer } from './support/segments.ts';
import { fastLlWith, generated } from './support/streams.ts';

describe('waitForAbsentSegment: false', () => {
  test('a segment that has not arrived is 404 at once', async () => {
    await using running = await fastLlWith([generated('cam', { alwaysOn: true })], {
      config: { waitForAbsentSegment: 'false' },
    });
    await using viewer = new Viewer(running.origin, 'cam');
    await viewer.whenState('live');
    const askedAt = performance.now();
    const { status } = await viewer.text(`chunk-stream0-${viewer.current + 2}.m4s`);
    expect(status).toBe(404);
    expect(performance.now() - askedAt).toBeLessThan(500);
  });
});

describe('timeDisplacement', () => {
  test('the clock that the manifest names runs late by it', async () => {
    await using running = await fastLlWith([generated('cam', { alwaysOn: true })], {
      config: { timeDisplacement: '2.5' },
    });
    await using viewer = new Viewer(running.origin, 'cam');
    await viewer.whenState('live');
    const clock = /<UTCTiming [^>]*value="([^"]+)"/.exec(await viewer.manifest())?.[1] ?? '';
    const { headers, body } = await request(new URL(clock, new URL('manifest.mpd', viewer.base)));
    const text = await body.text();
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(Math.abs(Date.now() - 2500 - Date.parse(text))).toBeLessThan(300);
  });
});

describe('durations, rates and sizes', () => {
  test.for([
    { segmentDuration: '0.5', fragmentDuration: '0.1', targetFps: '10', fragments: 5, frames: 5 },
    { segmentDuration: '2', fragmentDuration: '0.5', targetFps: '10', fragments: 4, frames: 20 },
    { segmentDuration: '1', fragmentDuration: '0.04', targetFps: '25', fragments: 25, frames: 25 },
    { segmentDuration: '1', fragmentDuration: '0.1', targetFps: '24', fragments: 12, frames: 24 },
  ])('$segmentDuration s segments of $fragmentDuration s fragments at $targetFps fps', async (options) => {
    const { segmentDuration, fragmentDuration, targetFps } = options;
    await using running = await fastLlWith([
      generated('cam', { segmentDuration, fragmentDuration, targetFps, alwaysOn: true }),
    ]);
    await using viewer = new Viewer(running.origin, 'cam', { segmentDuration: Number(segmentDuration) });
    await viewer.whenState('live');
    // A frame more or less where the boundary falls between two. Where the machine hiccups the source does too, and the
    // frames that then come at once are more than the target rate: so one of several segments has to be right.
    await vi.waitFor(
      async () => {
        const { fragments } = await viewer.segment(viewer.current + 1);
        const frames = fragments.flatMap((fragment) => fragment.frames);
        expect(frames[0]?.keyframe).toBe(true);
        expect(Math.abs(frames.length - options.frames)).toBeLessThanOrEqual(1);
        expect(Math.abs(fragments.length - options.fragments)).toBeLessThanOrEqual(1);
      },
      { timeout: 15_000, interval: 10 },
    );
  });

  test('intraInterval sets keyframes inside a segment too', async () => {
    await using running = await fastLlWith([
      generated('cam', { targetFps: 20, intraInterval: '5', segmentDuration: 1, alwaysOn: true }),
    ]);
    await using viewer = new Viewer(running.origin, 'cam');
    await viewer.whenState('live');
    await vi.waitFor(
      async () => {
        const { fragments } = await viewer.segment(viewer.current + 1);
        const frames = fragments.flatMap((fragment) => fragment.frames);
        const keyframes = frames.flatMap(({ keyframe }, at) => (keyframe ? [at] : []));
        expect(keyframes.slice(0, 4)).toEqual([0, 5, 10, 15]);
      },
      { timeout: 15_000, interval: 10 },
    );
  });

  test('targetLatency and every quality are in the manifest, and GEN makes them all', async () => {
    await using running = await fastLlWith([
      generated('cam', {
        targetLatency: '0.2',
        alwaysOn: true,
        qualities: { video: [160, 320, 480].map((targetWidth) => ({ targetWidth, targetBitrate: '150' })) },
      }),
    ]);
    await using viewer = new Viewer(running.origin, 'cam');
    const manifest = await viewer.manifest();
    expect(manifest).toContain('<Latency referenceId="0" target="200"');
    expect(manifest).toContain('suggestedPresentationDelay="PT0.2S"');
    expect([...manifest.matchAll(/width="(\d+)" height="(\d+)"/g)].map(([, width, height]) => [width, height])).toEqual(
      [
        ['160', '90'],
        ['320', '180'],
        ['480', '270'],
      ],
    );
    const number = viewer.current + 1;
    const segments = await Promise.all([0, 1, 2].map((representation) => viewer.segment(number, representation)));
    expect(new Set(segments.map(({ fragments }) => fragments[0]?.time)).size).toBe(1);
  });
});

describe('requests', () => {
  test('/version, /conf without credentials, and the viewer named in the path', async () => {
    await using running = await fastLlWith([
      generated('gen', { alwaysOn: true }),
      { ...generated('door'), type: 'RTSP', input: 'rtsp://admin:TopSecret@127.0.0.1:1/live' },
    ]);
    await using viewer = new Viewer(running.origin, 'gen');
    await viewer.whenState('live');
    expect(await viewer.text('/version')).toEqual({ status: 200, text: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    const configuration = await viewer.text('/conf');
    expect(JSON.parse(configuration.text)).toEqual([
      expect.objectContaining({ stream: 'door', type: 'RTSP', input: 'rtsp://127.0.0.1:1/live' }),
      expect.objectContaining({ stream: 'gen', type: 'GEN', targetFps: 10 }),
    ]);
    expect(configuration.text).not.toContain('TopSecret');
    for (const file of ['manifest.mpd', 'init-stream0.m4s', `chunk-stream0-${viewer.current}.m4s`]) {
      expect((await viewer.text(`/gen-alice/${file}`)).status).toBe(200);
    }
  });
});
