import type { StreamConfig } from '../config/schema.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import { about, type Figures, type Finding } from './finding.ts';
import { observeCamera, type Observation, type RtspStream } from './observation.ts';
import { frameRateOf, keyframeDistanceOf, type KeyframeDistance } from './packet.ts';
import { codecName } from './source-video.ts';

/** One stream's camera: what it sends, and what of it does not suit the stream's definition. */
export async function checkCamera(options: {
  readonly stream: StreamConfig;
  readonly ffmpeg: FfmpegProgram;
  readonly now: () => Milliseconds;
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

/** A camera's rate wavers, and it is looked at for a few seconds only. */
const RATE_TOLERANCE = 0.07;
/** From here on waiting for the first keyframe is felt. */
const LONG_KEYFRAME_DISTANCE_S = 4;

/** Pure. */
export function cameraFindings(stream: RtspStream, seen: Observation): Finding[] {
  const { video, packets, firstPacket, firstPicture } = seen;
  const finding = about('camera', stream.stream);
  const rate = frameRateOf(packets);
  const distance = keyframeDistanceOf(packets);
  const keyframeSeconds = rate === undefined || distance === undefined ? undefined : distance.usual / rate;
  const figures = withoutUndefined({
    codec: video.codec,
    profile: video.profile,
    width: video.size?.width,
    height: video.size?.height,
    framesPerSecond: rounded(rate, 2),
    keyframeDistanceFrames: distance?.usual,
    keyframeDistanceSeconds: rounded(keyframeSeconds, 2),
    firstPacketMs: firstPacket,
    firstPictureMs: firstPicture,
  });
  const about_ = [
    codecName(video),
    video.size === undefined ? undefined : `${video.size.width}×${video.size.height}`,
    rate === undefined ? undefined : `${numberText(rate)} frames/s`,
    keyframesText(distance, keyframeSeconds),
    `first packet after ${secondsText(firstPacket)}`,
    firstPicture === undefined ? undefined : `first picture after ${secondsText(firstPicture)}`,
  ];
  const findings = [
    finding.fine(`${stream.input.safe}: ${about_.filter((part) => part !== undefined).join(', ')}`, figures),
  ];
  if (firstPicture === undefined) {
    findings.push(
      finding.broken(
        'its frames come, but none could be decoded: let the camera send a keyframe every 1 to 2 s, and H.264',
      ),
    );
  }
  if (video.codec === 'hevc') {
    findings.push(
      finding.warning(
        'H.265 costs this machine more to decode, and is encoded anew to H.264: choose H.264 in the camera',
      ),
    );
  }
  if (rate !== undefined && rate < stream.targetFps * (1 - RATE_TOLERANCE)) {
    findings.push(
      finding.warning(
        `sends ${numberText(rate)} frames/s, fewer than "targetFps" ${numberText(stream.targetFps)}: set "targetFps" to ${numberText(Math.max(1, rate))}, or raise the camera's rate`,
      ),
    );
  }
  const width = video.size?.width;
  const widest = Math.max(...stream.qualities.video.map(({ targetWidth }) => targetWidth));
  if (width !== undefined && widest > width) {
    findings.push(
      finding.warning(
        `"targetWidth" ${widest} is wider than its picture, which shows nothing more for its bitrate: set ${width - (width % 2)} or less, or raise the camera's resolution`,
      ),
    );
  }
  const slow = keyframeSeconds === undefined || keyframeSeconds > LONG_KEYFRAME_DISTANCE_S;
  if (slow && firstPicture !== undefined && !stream.alwaysOn) {
    findings.push(
      finding.warning(
        'whoever is first to watch waits for a keyframe: let the camera send one every 1 to 2 s, or set "alwaysOn": true',
      ),
    );
  }
  return findings;
}

function keyframesText(distance: KeyframeDistance | undefined, distanceSeconds: number | undefined): string {
  if (distance === undefined) return 'fewer than two keyframes while it was looked at';
  if (distance.most === 1) return 'every frame a keyframe';
  const { least, usual, most } = distance;
  const time = distanceSeconds === undefined ? '' : ` (${distanceSeconds.toFixed(1)} s)`;
  const range = least === most ? '' : `, varying from ${least} to ${most}`;
  return `a keyframe every ${usual} frames${time}${range}`;
}

const secondsText = (time: Milliseconds): string => `${(time / 1000).toFixed(2)} s`;
/** One decimal, if it has one: cameras mean whole numbers. */
const numberText = (value: number): string => String(Number(value.toFixed(1)));
const rounded = (value: number | undefined, digits: number): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(digits));

const withoutUndefined = (values: Readonly<Record<string, string | number | undefined>>): Figures =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
