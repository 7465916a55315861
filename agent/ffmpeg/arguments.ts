import { encodedQualities, type EncodedQuality, type StreamConfig } from '../config/schema.ts';
import { SOFTWARE, type Encoder } from '../encoders/encoder.ts';
import { encoderFlags, type EncoderFlags } from '../encoders/flags.ts';
import type { VideoConfig } from '../media/track.ts';
import { seconds, type Seconds } from '../../protocol/units.ts';
import { h264Level, LEAST_LEVEL } from './h264-level.ts';
import { needsPacing } from './input-options.ts';
import { testPicture } from './test-picture.ts';

/**
 * FFmpeg's command line for one camera: one decode, and for each quality an encode whose frames come out of a pipe of
 * its own as FLV. Pure.
 *
 * FLV because an FLV tag is a whole frame with its length: the mp4 and dash muxers hold each frame until the next has
 * come. No `fps` filter for the same reason. A pipe per quality, because the interleaver would hold one for another.
 */
export interface FfmpegRun {
  readonly args: readonly string[];
  /** Frame times in the pipes count from here: it keeps FLV's 32-bit milliseconds small. */
  readonly base: Seconds;
}

/** The pipes' file descriptors begin after stdin, stdout and stderr. */
export const FIRST_PIPE = 3;

/** What FFmpeg gets on stdin instead of opening the camera itself: CMAF, a fragment a frame, with the frames' own times. */
export interface Fed {
  /** Frames before it are decoded only. */
  readonly from: Seconds | undefined;
}

/** The shape of a picture, as in {@link VideoConfig}. */
export type Shape = Pick<VideoConfig, 'width' | 'height' | 'pixelAspect'>;

export function ffmpegRun(
  stream: StreamConfig,
  options: {
    readonly now: Seconds;
    readonly hasFpsMode: boolean;
    /** Else it opens the input itself. */
    readonly fed?: Fed;
    /** How far `now`, and times in the pipes, are ahead of this machine's clock, which counts where it opens the input itself. */
    readonly ahead?: Seconds;
    /** Default: software. */
    readonly encoder?: Encoder | undefined;
    /** By quality, into what the picture is to fit, with bars where it has another shape. */
    readonly shapes?: readonly Shape[] | undefined;
  },
): FfmpegRun {
  // Before every time there can be: the first frame is put at the boundary before it.
  const base = seconds(Math.floor(options.now - stream.segmentDuration) - 2);
  const qualities = encodedQualities(stream);
  const encoders = qualities.map((quality) => flagsFor(stream, quality, options));
  const branches = qualities.map((_, index) => `[q${index}]`);
  const { input, filters } = options.fed === undefined ? source(stream) : fed(options.fed);
  const graph = [
    `[0:v:0]${[...filters, decimate(stream.targetFps), timestamps(stream, base, options.ahead ?? seconds(0))].join(',')}`,
    `split=${qualities.length}${branches.join('')}`,
  ].join(',');
  const scales = qualities.map(
    (quality, index) => `[q${index}]${scale(quality, options.shapes?.[index])},${encoders[index]!.picture}[v${index}]`,
  );
  return {
    base,
    args: [
      ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+warning'],
      ...(encoders[0]?.device ?? []),
      ...input,
      ...['-filter_complex', [graph, ...scales].join(';'), '-copyts'],
      ...qualities.flatMap((quality, index) => output(stream, quality, index, encoders[index]!)),
    ],
  };
}

interface Source {
  readonly input: readonly string[];
  /** What is done to the picture before all else. */
  readonly filters: readonly string[];
}

/** FFmpeg's guess of the frame rate would take many frames; what comes in is no concern of the encoder's, see `output`. */
const QUICK_PROBE = ['-fpsprobesize', '0'];
/** For what comes from a camera; frame threads hold back as many frames as there are threads. */
const AT_ONCE = ['-threads', '1', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0', ...QUICK_PROBE];

function fed({ from }: Fed): Source {
  return {
    input: [...AT_ONCE, '-f', 'mp4', '-i', 'pipe:0'],
    filters: from === undefined ? [] : [`select='gte(t,${from})'`],
  };
}

/** What FFmpeg opens itself. */
export function source(stream: StreamConfig): Source {
  // The time a frame came in is the one clock that all cameras share and that never drifts from the viewers'.
  const wallClock = ['-use_wallclock_as_timestamps', '1'];
  switch (stream.type) {
    case 'GEN': {
      const picture = testPicture(stream);
      return { input: ['-f', 'lavfi', ...QUICK_PROBE, ...wallClock, '-i', picture.input], filters: picture.filters };
    }
    case 'RTSP':
      // Not `-fflags nobuffer`: it throws away what the probe has read, a keyframe, and the next may be far.
      return {
        input: ['-rtsp_transport', stream.transport, ...AT_ONCE, ...wallClock, '-i', stream.input.href],
        filters: [],
      };
    case 'FFMPEG':
      return { input: [...ofAnyKind(stream), '-i', stream.input.text], filters: ON_ARRIVAL };
  }
}

/** Its own options come last, so that they count. Not `low_delay`: B frames would come out of order. */
export const ofAnyKind = ({ input, inputOptions }: Extract<StreamConfig, { type: 'FFMPEG' }>): readonly string[] => [
  ...['-threads', '1', '-analyzeduration', '1000000', ...QUICK_PROBE],
  ...(needsPacing(input.text, inputOptions) ? ['-re'] : []),
  ...inputOptions,
];

/**
 * Of what comes from anywhere times may be anything, and start over. When a picture is decoded is when it came; not
 * `-use_wallclock_as_timestamps`, with which `-re` has no times to go by, and B frames come in the order in which they are sent.
 */
const ON_ARRIVAL = ['settb=1/90000', "setpts='RTCTIME/(1000000*TB)'"];

/** To the width that is asked for; or into a picture of a certain shape, whole and in proportion. */
function scale({ targetWidth }: EncodedQuality, shape: Shape | undefined): string {
  if (shape === undefined) return `scale=${targetWidth}:-2:flags=bicubic`;
  const { width, height, pixelAspect } = shape;
  // How wide it is for its height, in samples of the shape.
  const aspect = `dar*${pixelAspect.vertical}/${pixelAspect.horizontal}`;
  const fitting = `w='2*trunc(min(${width},${height}*${aspect})/2)':h='2*trunc(min(${height},${width}/(${aspect}))/2)'`;
  const sample = `setsar=${pixelAspect.horizontal}/${pixelAspect.vertical}`;
  return `scale=${fitting}:flags=bicubic,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2,${sample}`;
}

/**
 * Drops frames above the target rate without waiting for the next one: a frame passes when it is due, to half a frame.
 * Variable 0 is when the next is due, at first 0; it moves on by a frame's time and never falls behind what has come. The
 * first frame passes even if its time is not known. Only `if` leaves out what is not to be done: a product does not.
 */
function decimate(targetFps: number): string {
  const frame = `1/${targetFps}`;
  return `select='not(n)+if(gte(t,ld(0)-0.5*${frame}),st(0,max(ld(0),t-${frame})+${frame})*0+1,0)'`;
}

/**
 * Times count from `base`, and the very first frame is put at the segment boundary before it: FFmpeg's
 * `force_key_frames` counts from the first frame it sees, and so its boundaries are the segments'.
 */
function timestamps(stream: StreamConfig, base: Seconds, ahead: Seconds): string {
  const d = stream.segmentDuration;
  const half = 0.5 / stream.targetFps;
  // Of the first frame the RTSP demuxer may not know the time (what counts from 1970 is above a billion); then a second
  // ago is surely before the second frame, which came while the first was waited for.
  const first = 'if(gt(T,1e9),T,time(0)-1)';
  const more = ahead.toFixed(3);
  return `setpts='if(eq(N,0),(floor((${first}+${more}+${half})/${d})*${d}-${base})/TB,PTS+(${more}-${base})/TB)'`;
}

/** A keyframe at the frame nearest each boundary. Half a millisecond more for what rounding took. */
function keyframes(stream: EncodedStream): string {
  const d = stream.segmentDuration;
  const half = 0.5 / stream.targetFps + 0.0005;
  return `expr:isnan(prev_forced_t)+gte(t+${half},(floor((prev_forced_t+${half})/${d})+1)*${d})`;
}

/** What the encoder of a quality is told. */
export function flagsFor(
  stream: EncodedStream,
  quality: EncodedQuality,
  { encoder = SOFTWARE, hasFpsMode }: { readonly encoder?: Encoder | undefined; readonly hasFpsMode: boolean },
): EncoderFlags {
  const { targetFps, serverSideRepresentationSwitching: stitchable } = stream;
  const framesPerSegment = stream.segmentDuration * targetFps;
  // One that is about as long as a segment, or longer, would set a keyframe of its own just before the forced one.
  const intraInterval = stream.intraInterval < 0.9 * framesPerSegment ? stream.intraInterval : 100_000;
  const encoding = { targetFps, intraInterval, level: levelOf(stream, quality), stitchable };
  return encoderFlags(encoder, encoding, hasFpsMode);
}

/** What of a stream's definition its encoders have to know. */
export type EncodedStream = Pick<
  StreamConfig,
  'stream' | 'targetFps' | 'segmentDuration' | 'intraInterval' | 'serverSideRepresentationSwitching' | 'qualities'
>;

/** A quality into a pipe of its own. */
export function output(
  stream: EncodedStream,
  { targetBitrate }: EncodedQuality,
  index: number,
  { rate, codec }: EncoderFlags,
): readonly string[] {
  const bitrate = `${targetBitrate}k`;
  return [
    ...['-map', `[v${index}]`, ...rate],
    // Else times would be rounded to the frame rate's grid.
    ...['-enc_time_base', '1/1000', ...codec],
    ...['-force_key_frames', keyframes(stream)],
    ...['-b:v', bitrate, '-maxrate', bitrate, '-bufsize', bitrate],
    // Whose it is, for people who look at what runs here.
    ...['-metadata', `title=${stream.stream}`],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', '-flush_packets', '1', `pipe:${FIRST_PIPE + index}`],
  ];
}

/** What level is to be said, where the encoder is not to choose it. */
function levelOf(stream: EncodedStream, { targetWidth, targetBitrate }: EncodedQuality): string | undefined {
  if (stream.serverSideRepresentationSwitching) return commonLevel(stream);
  // Of a small picture it would say one so low, 1b, that browsers know no such codec. Twice as high as wide is as high as
  // it gets.
  const level = h264Level(2 * Math.ceil(targetWidth / 16) ** 2, stream.targetFps, targetBitrate);
  return level === LEAST_LEVEL ? level : undefined;
}

/**
 * With server-side switching a player has one init segment for all qualities, so their parameter sets must be the same:
 * same size (the configuration is checked for it), and same level, which the encoder would choose by bitrate.
 */
function commonLevel(stream: EncodedStream): string {
  const qualities = encodedQualities(stream);
  const width = Math.max(...qualities.map(({ targetWidth }) => targetWidth));
  const kbps = Math.max(...qualities.map(({ targetBitrate }) => targetBitrate));
  // The height is the source's affair; a square picture is as high as it gets.
  return h264Level(Math.ceil(width / 16) ** 2, stream.targetFps, kbps);
}
