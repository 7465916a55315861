import type { Milliseconds } from '../../protocol/units.ts';
import { encodedQualities } from '../config/schema.ts';
import { copyFindings } from './copy-findings.ts';
import { about, type Figures, type Finding } from './finding.ts';
import type { CameraStream, Observation } from './observation.ts';
import { frameRateOf, keyframeDistanceOf, type KeyframeDistance } from './packet.ts';
import { codecName } from './source-video.ts';

/** A camera's rate wavers, and it is looked at for a few seconds only. */
const RATE_TOLERANCE = 0.07;
/** From here on waiting for the first keyframe is felt. */
const LONG_KEYFRAME_DISTANCE_S = 4;

/** What a camera sends, and what of it does not suit the stream's definition. Pure. */
export function cameraFindings(stream: CameraStream, seen: Observation): Finding[] {
  const rate = frameRateOf(seen.packets);
  const distance = keyframeDistanceOf(seen.packets);
  const keyframeSeconds = rate === undefined || distance === undefined ? undefined : distance.usual / rate;
  const finding = about('camera', stream.stream);
  const undecoded = whyUndecoded(stream, seen);
  const warnings = [
    wayWarning(seen),
    codecWarning(stream, seen),
    reorderingWarning(seen),
    lossWarning(seen),
    paceWarning(seen),
    rateWarning(stream, rate),
    widthWarning(stream, seen),
    undecoded === undefined ? keyframeWarning(stream, keyframeSeconds) : undefined,
  ];
  return [
    finding.fine(`${stream.input.safe}: ${describe(seen, rate, distance)}`, {
      ...videoFigures(seen),
      ...present({
        framesPerSecond: rounded(rate),
        keyframeDistanceFrames: distance?.usual,
        keyframeDistanceSeconds: rounded(keyframeSeconds),
      }),
    }),
    ...(undecoded === undefined ? [] : [finding.broken(undecoded)]),
    ...copyFindings(stream, seen),
    ...warnings.filter((warning) => warning !== undefined).map((warning) => finding.warning(warning)),
  ];
}

function whyUndecoded(stream: CameraStream, { firstPicture, packets }: Observation): string | undefined {
  if (firstPicture !== undefined || encodedQualities(stream).length === 0) return undefined;
  return packets.some(({ keyframe }) => keyframe)
    ? 'its frames come, but FFmpeg can decode none of them: choose H.264 in the camera'
    : 'its frames come, but no keyframe, without which there is no picture: let the camera send one every 1 to 2 s';
}

function wayWarning({ instead }: Observation): string | undefined {
  return instead && `FFmpeg has to speak to it, which takes every frame a frame's time later: ${instead.message}`;
}

function codecWarning(stream: CameraStream, { video }: Observation): string | undefined {
  if (video.codec !== 'hevc' || encodedQualities(stream).length === 0) return undefined;
  return 'H.265 costs this machine more to decode, and is encoded anew to H.264: choose H.264 in the camera';
}

function reorderingWarning({ reordering }: Observation): string | undefined {
  if (reordering === 0) return undefined;
  return `has B frames, with which a picture waits for later ones, here ${Math.round(reordering)} ms: turn them off in the camera (profile Baseline has none)`;
}

function lossWarning({ lost }: Observation): string | undefined {
  if (lost === 0) return undefined;
  return `${lost} packets were lost on the way, each a picture until the next keyframe: use "transport": "tcp", or mend the network`;
}

/** So much faster it may come at first: of what lay there. */
const MOST_PACE = 1.5;

function paceWarning({ pace }: Observation): string | undefined {
  if (pace === undefined || pace < MOST_PACE) return undefined;
  return `comes ${numberText(pace)} times as fast as it is to be seen: add "-re" to "inputOptions"`;
}

function rateWarning(stream: CameraStream, rate: number | undefined): string | undefined {
  const { targetFps } = stream;
  if (encodedQualities(stream).length === 0) return undefined;
  if (rate === undefined || rate >= targetFps * (1 - RATE_TOLERANCE)) return undefined;
  const possible = numberText(Math.max(1, rate));
  const sent = `sends ${numberText(rate)} frames/s, fewer than "targetFps" ${numberText(targetFps)}`;
  return `${sent}: set "targetFps" to ${possible}, or raise the camera's rate`;
}

function widthWarning(stream: CameraStream, { video }: Observation): string | undefined {
  const width = video.size?.width;
  const widest = Math.max(...encodedQualities(stream).map(({ targetWidth }) => targetWidth));
  if (width === undefined || widest <= width) return undefined;
  const wasted = `"targetWidth" ${widest} is wider than its picture, which shows nothing more for its bitrate`;
  return `${wasted}: set ${width - (width % 2)} or less, or raise the camera's resolution`;
}

/** @param distance undefined when it is longer than the camera was looked at */
function keyframeWarning({ alwaysOn }: CameraStream, distance: number | undefined): string | undefined {
  if (alwaysOn || (distance !== undefined && distance <= LONG_KEYFRAME_DISTANCE_S)) return undefined;
  return 'whoever is first to watch waits for a keyframe: let the camera send one every 1 to 2 s, or set "alwaysOn": true';
}

function describe(
  { video, firstPacket, firstPicture }: Observation,
  rate: number | undefined,
  distance: KeyframeDistance | undefined,
): string {
  const parts = [
    codecName(video),
    video.size === undefined ? undefined : `${video.size.width}×${video.size.height}`,
    rate === undefined ? undefined : `${numberText(rate)} frames/s`,
    keyframesText(distance, rate),
    `first packet after ${secondsText(firstPacket)}`,
    firstPicture === undefined ? undefined : `first picture after ${secondsText(firstPicture)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function keyframesText(distance: KeyframeDistance | undefined, rate: number | undefined): string {
  if (distance === undefined) return 'fewer than two keyframes while it was looked at';
  const { least, usual, most } = distance;
  if (most === 1) return 'every frame a keyframe';
  const time = rate === undefined ? '' : ` (${(usual / rate).toFixed(1)} s)`;
  const range = least === most ? '' : `, varying from ${least} to ${most}`;
  return `a keyframe every ${usual} frames${time}${range}`;
}

const videoFigures = ({ video, firstPacket, firstPicture, reordering, lost }: Observation): Figures =>
  present({
    codec: video.codec,
    profile: video.profile,
    codecs: video.codecs,
    width: video.size?.width,
    height: video.size?.height,
    firstPacketMs: firstPacket,
    firstPictureMs: firstPicture,
    reorderingMs: Math.round(reordering),
    lostPackets: lost,
  });

const secondsText = (time: Milliseconds): string => `${(time / 1000).toFixed(2)} s`;

/** One decimal at most, and none near a whole number: that is what cameras mean. */
export const numberText = (value: number): string =>
  Math.abs(value - Math.round(value)) < 0.01 * value ? String(Math.round(value)) : value.toFixed(1);

const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toFixed(2));

const present = (values: Readonly<Record<string, string | number | undefined>>): Figures =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
