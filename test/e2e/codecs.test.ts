/** Cameras with other codecs than H.264 without B frames, from the configuration to the viewer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { hasGStreamer, startGStreamerCamera } from '../fixtures/gstreamer/camera.ts';
import { folderWith, runFastLl } from './support/fast-ll.ts';
import { Viewer, type Segment } from './support/segments.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';

const COPY = { copy: true };
const ENCODE = { targetWidth: 160, targetBitrate: 200 };

const ffmpeg = await findFfmpeg();
const framesOf = ({ fragments }: Segment) => fragments.flatMap(({ frames }) => frames);

/** How many pictures an independent decoder makes of a segment. */
async function picturesIn(viewer: Viewer, { bytes }: Segment, representation: number): Promise<number> {
  const input = Buffer.concat([await viewer.init(representation), bytes]);
  const args = ['-v', 'error', '-f', 'mp4', '-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'];
  const { stdout } = await execa(ffmpeg, args, { input, reject: false });
  return new Set(stdout.match(/[0-9a-f]{32}$/gm)).size;
}

describe.skipIf(!(await hasGStreamer()))('a camera', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fast-ll-codecs-'));
    const input = ['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-t', '20', '-g', '25'];
    const rest = ['-pix_fmt', 'yuv420p', '-tag:v'];
    const hevc = ['libx265', '-preset', 'ultrafast', '-bf', '0', '-x265-params', 'log-level=none'];
    await execa(ffmpeg, [...input, '-c:v', ...hevc, ...rest, 'hvc1', join(folder, 'h265.mp4')]);
    const avc = ['libx264', '-preset', 'veryfast', '-bf', '2'];
    await execa(ffmpeg, [...input, '-c:v', ...avc, ...rest, 'avc1', join(folder, 'h264.mp4')]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.for([
    ['h265', 'as H.265', /codecs="hvc1\.1\.6\.L\d+/],
    ['h264', 'with B frames', /codecs="avc1\.64/],
  ] as const)('%s %s is copied and encoded', async ([codec, , codecs]) => {
    await using camera = await startGStreamerCamera({ file: join(folder, `${codec}.mp4`), codec, transport: 'tcp' });
    await using running = await fastLlWith([
      cameraEntry('front', camera.url, { targetFps: 25, qualities: { video: [COPY, ENCODE] } }),
    ]);
    await using viewer = new Viewer(running.origin, 'front');
    expect(await viewer.manifest()).toMatch(codecs);
    const number = viewer.current + 1;
    const [copied, encoded] = await Promise.all([viewer.segment(number), viewer.segment(number, 1)]);
    expect(framesOf(copied).length).toBeGreaterThanOrEqual(24);
    expect(framesOf(encoded).length).toBeGreaterThanOrEqual(23);
    expect(framesOf(encoded)[0]?.keyframe).toBe(true);
    expect(await picturesIn(viewer, encoded, 1)).toBe(framesOf(encoded).length);
    // From its keyframe on.
    const keyframe = framesOf(copied).findIndex((frame) => frame.keyframe);
    expect(await picturesIn(viewer, copied, 0)).toBeGreaterThanOrEqual(framesOf(copied).length - keyframe - 2);
    expect(running.fastLl.stderr).not.toMatch(/WARN|ERROR/);
  });

  test('of Motion JPEG is encoded by way of FFmpeg, which is said once; copied it is not', async () => {
    await using camera = await startGStreamerCamera({ file: '-', codec: 'jpeg', transport: 'tcp' });
    await using running = await fastLlWith([
      cameraEntry('front', camera.url, { qualities: { video: [COPY, ENCODE] } }),
      cameraEntry('copied', camera.url, { qualities: { video: [COPY] }, alwaysOn: true }),
    ]);
    await using viewer = new Viewer(running.origin, 'front');
    expect(await viewer.manifest()).toMatch(/<Representation id="1"/);
    const encoded = await viewer.segment(viewer.current + 1, 1);
    expect(framesOf(encoded).length).toBeGreaterThan(5);
    expect(running.fastLl.stderr.match(/front: trying FFmpeg's way .*JPEG.*set it to one of them/g)).toHaveLength(1);
    expect(running.fastLl.stderr).toMatch(/copied: the camera sends JPEG, not H\.264 or H\.265: .*; trying again in/);

    await using files = await folderWith({
      'config.json': { host: '127.0.0.1', port: 0, streams: 'streams.json' },
      'streams.json': [cameraEntry('front', camera.url, { qualities: { video: [COPY, ENCODE] } })],
    });
    const { stdout } = await runFastLl(['check', '-c', files.path('config.json')]);
    expect(stdout).toMatch(/^✘ front +not to be copied: the camera sends JPEG/m);
    expect(stdout).toMatch(/^✔ front +encoded 160 pixels wide/m);
    expect(stdout).toMatch(/^! front +FFmpeg has to speak to it/m);
  });
});
