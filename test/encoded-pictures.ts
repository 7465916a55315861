import { execaSync } from 'execa';
import { avcConfig } from '../agent/cmaf/avc.ts';
import { FlvReader, type FlvFrame } from '../agent/ffmpeg/flv.ts';
import type { VideoConfig } from '../agent/media/track.ts';

/** White pictures of a size, encoded as a camera would: a second of them, the first a keyframe. */
export function picturesOf({ size, rate }: { readonly size: string; readonly rate: number }): {
  readonly config: VideoConfig;
  readonly frames: readonly FlvFrame[];
} {
  const { stdout } = execaSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', `color=white:size=${size}:rate=${rate}`, '-t', '1'],
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0'],
      ...['-g', String(rate), '-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
    ],
    { encoding: 'buffer' },
  );
  const frames: FlvFrame[] = [];
  let config: VideoConfig | undefined;
  for (const event of new FlvReader().push(stdout)) {
    if (event.kind === 'config') config = avcConfig(event.avcC);
    else frames.push(event.frame);
  }
  if (config === undefined) throw new Error('expected parameter sets');
  return { config, frames };
}
