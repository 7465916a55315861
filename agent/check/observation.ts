import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { Packet } from './packet.ts';
import type { SourceVideo } from './source-video.ts';

export type RtspStream = Extract<StreamConfig, { type: 'RTSP' }>;
export type FfmpegStream = Extract<StreamConfig, { type: 'FFMPEG' }>;
/** What has an input to look at. */
export type CameraStream = RtspStream | FfmpegStream;

/** What was seen of a camera in a few seconds. */
export interface Observation {
  readonly video: SourceVideo;
  readonly packets: readonly Packet[];
  /** From the start to the first frame as it comes from the camera. */
  readonly firstPacket: Milliseconds;
  /** And to the first one decoded; undefined when there was none, or none was to be. */
  readonly firstPicture: Milliseconds | undefined;
  /** By how much frames are seen later than they are decoded, at most: 0 without B frames. */
  readonly reordering: Milliseconds;
  /** Packets of RTP that were lost. */
  readonly lost: number;
  /** How many times faster frames come than they are to be seen, by their own times; undefined where that isn't known. */
  readonly pace?: number | undefined;
  /** Why the agent's own client can't be used, where FFmpeg was asked instead. */
  readonly instead?: Failure;
}

export interface ObservationOptions<Stream = RtspStream> {
  readonly stream: Stream;
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** From the start on; a camera's check may take 20 s. `run` gives up when there is no picture after 15 s. */
export const FIRST_PACKET = milliseconds(10_000);

export const NO_PACKET: Failure = {
  kind: 'silent',
  message: `the camera is there, but has sent no picture for ${FIRST_PACKET / 1000} s: check "transport", and whether it serves others`,
};
