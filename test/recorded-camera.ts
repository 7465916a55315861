import { readFileSync } from 'node:fs';
import { avcConfig } from '../agent/cmaf/avc.ts';
import { FlvReader, type FlvFrame } from '../agent/ffmpeg/flv.ts';
import type { VideoConfig } from '../agent/media/track.ts';

/** A recording of H.264: ten frames from keyframe to keyframe, 64×48. */
export function recordedCamera(): { readonly config: VideoConfig; readonly frames: readonly FlvFrame[] } {
  const recording = readFileSync(new URL('fixtures/recordings/camera.flv', import.meta.url));
  const frames: FlvFrame[] = [];
  let config: VideoConfig | undefined;
  for (const event of new FlvReader().push(recording)) {
    if (event.kind === 'config') config = avcConfig(event.avcC);
    else frames.push(event.frame);
  }
  if (config === undefined) throw new Error('the recording has no parameter sets');
  return { config, frames };
}
