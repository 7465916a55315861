import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { findFfmpeg } from '../../fixtures/camera/ffmpeg.ts';

export interface Take {
  readonly size: string;
  /** Seconds from each keyframe to the next, of which the last is the end. */
  readonly gopsSeconds: readonly number[];
}

const FPS = 25;
/** The head of an FLV file, and the size of no tag before the first. */
const FLV_HEAD_BYTES = 13;

/** What a camera has sent, a take after the other, each with its parameter sets before its keyframes. @returns a file in `folder` */
export async function record(folder: string, ...takes: readonly Take[]): Promise<string> {
  const ffmpeg = await findFfmpeg();
  const name = takes.map(({ size, gopsSeconds }) => [size, ...gopsSeconds].join('-')).join('+');
  const file = join(folder, `${name}.flv`);
  const parts = await Promise.all(takes.map((take, index) => encode(ffmpeg, take, join(folder, `${name}.${index}`))));
  await writeFile(
    file,
    Buffer.concat(parts.map((part, index) => (index === 0 ? part : part.subarray(FLV_HEAD_BYTES)))),
  );
  return file;
}

async function encode(ffmpeg: string, { size, gopsSeconds }: Take, file: string): Promise<Buffer> {
  const sum = (gops: readonly number[]): number => gops.reduce((before, gop) => before + gop, 0);
  const keyframes = gopsSeconds.map((_, index) => sum(gopsSeconds.slice(0, index)));
  await execa(ffmpeg, [
    ...[
      '-y',
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=${size}:rate=${FPS}`,
      '-t',
      String(sum(gopsSeconds)),
    ],
    ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0'],
    ...['-g', '10000', '-forced-idr', '1', '-force_key_frames', keyframes.join(',')],
    ...['-x264-params', 'repeat-headers=1'],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', file],
  ]);
  return readFile(file);
}
