/** GStreamer's RTSP server, a camera that nobody here wrote, watched by the agent's own client. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import type { Frame } from '../../agent/media/frame.ts';
import type { TrackConfig } from '../../agent/media/track.ts';
import { cameraSource } from '../../agent/rtsp/source.ts';
import type { TransportKind } from '../../agent/rtsp/transport.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { hasGStreamer, startGStreamerCamera } from '../fixtures/gstreamer/camera.ts';
import { cameraUrl, silentLog } from '../unit/rtsp/watching.ts';

const FRAMES = 40;
const CREDENTIALS = { user: 'viewer', password: 'p@ss:w%rd/!' };
type Codec = 'h264' | 'h265';

/** By the first byte of a NAL unit: parameter sets, delimiters and messages, which come and go on the way. */
const isAside: Readonly<Record<Codec, (first: number) => boolean>> = {
  h264: (first) => [6, 7, 8, 9].includes(first & 0x1f),
  h265: (first) => [32, 33, 34, 35, 39].includes((first >> 1) & 0x3f),
};

async function framesOf(url: string, transport: TransportKind): Promise<{ configs: TrackConfig[]; frames: Frame[] }> {
  const over = new AbortController();
  const [configs, frames]: [TrackConfig[], Frame[]] = [[], []];
  const source = cameraSource({ url: cameraUrl(url), transport, clock: systemClock, log: silentLog });
  const failure = await source(
    {
      config: (config) => configs.push(config),
      frame: (frame) => {
        if (frames.length < FRAMES && frames.push(frame) === FRAMES) over.abort();
      },
      jump: () => {},
    },
    over.signal,
  );
  expect(failure).toBeUndefined();
  return { configs, frames };
}

/** As digests, which read better than bytes where they differ. */
const nalUnits = (codec: Codec, units: readonly Buffer[]): string[] =>
  units
    .filter((nal) => !isAside[codec](nal[0]!))
    .map((nal) => `${nal.length} bytes: ${createHash('sha1').update(nal).digest('hex')}`);

function lengthPrefixed(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    units.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  }
  return units;
}

/** Each behind 00 00 01, with a zero more in front of it or not. */
function annexB(bytes: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf('000001', 0, 'hex'); at !== -1; at = bytes.indexOf('000001', at + 3, 'hex'))
    starts.push(at);
  return starts.map((start, index) => {
    const next = starts[index + 1] ?? bytes.length;
    return bytes.subarray(start + 3, bytes[next - 1] === 0 && next < bytes.length ? next - 1 : next);
  });
}

describe.skipIf(!(await hasGStreamer()))("GStreamer's RTSP server", () => {
  let folder: string;
  const file = (codec: Codec): string => join(folder, `${codec}.mp4`);
  const sent = new Map<Codec, string[]>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fast-ll-gstreamer-'));
    const ffmpeg = await findFfmpeg();
    for (const [codec, encoder] of [
      ['h264', ['libx264', '-preset', 'ultrafast', '-bf', '0', '-x264-params', 'slices=3']],
      ['h265', ['libx265', '-preset', 'ultrafast', '-bf', '0', '-x265-params', 'log-level=none', '-tag:v', 'hvc1']],
    ] as const) {
      const input = ['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-t', '6', '-g', '25'];
      await execa(ffmpeg, [...input, '-c:v', ...encoder, '-pix_fmt', 'yuv420p', file(codec)]);
      const raw = join(folder, `${codec}.bin`);
      const bare = codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
      await execa(ffmpeg, [
        '-loglevel',
        'error',
        '-i',
        file(codec),
        '-c',
        'copy',
        '-bsf:v',
        bare,
        '-f',
        codec === 'h264' ? 'h264' : 'hevc',
        raw,
      ]);
      sent.set(codec, nalUnits(codec, annexB(await readFile(raw))));
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.for<[codec: Codec, transport: TransportKind, credentials: typeof CREDENTIALS | undefined]>([
    ['h264', 'tcp', CREDENTIALS],
    ['h264', 'udp', undefined],
    ['h265', 'tcp', undefined],
    ['h265', 'udp', CREDENTIALS],
  ])('%s over %s, each NAL unit as it was sent', async ([codec, transport, credentials]) => {
    await using camera = await startGStreamerCamera({
      file: file(codec),
      codec,
      transport,
      ...(credentials === undefined ? {} : { credentials }),
    });
    const who = credentials === undefined ? '' : `${credentials.user}:${credentials.password}@`;
    const { configs, frames } = await framesOf(camera.url.replace('//', `//${who}`), transport);
    expect(configs).toEqual([expect.objectContaining({ codec, width: 320, height: 180 })]);
    expect(frames.map(({ keyframe }, index) => [index, keyframe]).filter(([, keyframe]) => keyframe)).toEqual([
      [0, true],
      [25, true],
    ]);
    const received = nalUnits(
      codec,
      frames.flatMap(({ data }) => lengthPrefixed(Buffer.concat(data))),
    );
    expect(received.length).toBeGreaterThanOrEqual(FRAMES);
    expect(received).toEqual(sent.get(codec)?.slice(0, received.length));
  });

  test('one that wants UDP is watched though TCP is asked for, and a wrong password is told', async () => {
    await using camera = await startGStreamerCamera({
      file: file('h264'),
      codec: 'h264',
      transport: 'udp',
      credentials: CREDENTIALS,
    });
    const withPassword = (password: string): string => camera.url.replace('//', `//viewer:${password}@`);
    expect((await framesOf(withPassword(CREDENTIALS.password), 'tcp')).frames).toHaveLength(FRAMES);
    const source = cameraSource({
      url: cameraUrl(withPassword('wrong')),
      transport: 'tcp',
      clock: systemClock,
      log: silentLog,
    });
    const failure = await source({ config: () => {}, frame: () => {}, jump: () => {} }, new AbortController().signal);
    expect(failure?.kind).toBe('credentials');
  });
});
