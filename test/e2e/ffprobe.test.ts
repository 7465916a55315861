/** FFmpeg's tools read what Fast-ll serves, and have nothing to say against it. */
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { ffprobe, noFfprobe } from './support/ffprobe.ts';
import { Viewer } from './support/segments.ts';
import { fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';

const PICTURE = { codec_name: 'h264', width: 320, height: 180 };

let running: ConfiguredFastLl;
let viewer: Viewer;

beforeAll(async () => {
  running = await fastLlWith([generated('front', { alwaysOn: true })]);
  viewer = new Viewer(running.origin, 'front');
  await viewer.whenState('live');
});
afterAll(async () => {
  await viewer[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

test.skipIf(noFfprobe)('ffprobe reads the manifest', async () => {
  const { streams, complaints } = await ffprobe(new URL('manifest.mpd', viewer.base).href);
  expect(streams).toMatchObject([PICTURE]);
  expect(complaints).toBe('');
});

test.skipIf(noFfprobe)('ffprobe reads an init segment with a segment behind it', async () => {
  const segment = await viewer.segment(viewer.current + 1);
  const { streams, complaints } = await ffprobe(Buffer.concat([await viewer.init(), segment.bytes]));
  expect(streams).toMatchObject([PICTURE]);
  expect(complaints).toBe('');
});

test('FFmpeg plays three seconds of it', async () => {
  const manifest = new URL('manifest.mpd', viewer.base).href;
  const { stderr, stdout } = await execa(
    await findFfmpeg(),
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-v', 'warning', '-i', manifest, '-t', '3'],
      // Times as they are. By default they are rounded to the frame rate, and FFmpeg complains of what it rounded together.
      ...['-enc_time_base', '-1', '-f', 'null', '-progress', 'pipe:1', '-'],
    ],
    { timeout: 20_000 },
  );
  expect(stderr).toBe('');
  const frames = Number([...stdout.matchAll(/^frame=(\d+)$/gm)].at(-1)?.[1]);
  expect(frames).toBeGreaterThan(25);
});
