import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import { cameraFindings, numberText } from './camera-findings.ts';
import { about, type Finding } from './finding.ts';
import { observeCamera } from './observation.ts';

/** One stream's camera. */
export async function checkCamera(options: {
  readonly stream: StreamConfig;
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Finding[]> {
  const { stream } = options;
  const finding = about('camera', stream.stream);
  switch (stream.type) {
    case 'GEN':
      return [finding.fine(`a generated picture, ${numberText(stream.targetFps)} frames/s`)];
    case 'RTSP': {
      const seen = await observeCamera({ ...options, stream });
      if ('packets' in seen) return cameraFindings(stream, seen);
      return [finding.broken(`${stream.input.safe}: ${seen.message}`)];
    }
  }
}
