import type { VideoConfig } from '../media/track.ts';

/** What a camera's video is, as far as it is known. */
export interface SourceVideo {
  /** As FFmpeg calls it: `h264`, `hevc`. */
  readonly codec: string;
  readonly profile?: string;
  /** RFC 6381. */
  readonly codecs?: string;
  readonly size?: PictureSize;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * What FFmpeg prints of its input, as in
 * `Stream #0:0: Video: h264 (High), yuv420p(progressive), 640x360 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 90k tbn`.
 * Its outputs are told of in the same words, but later.
 */
export function sourceVideoOf(line: string): SourceVideo | undefined {
  const [, codec, profile, rest = ''] = /Stream #0:\d+.*?: Video: (\w+)(?: \(([^)]+)\))?(.*)/.exec(line) ?? [];
  if (codec === undefined) return undefined;
  const size = sizeOf(/, (\d+)x(\d+)/.exec(rest));
  return { codec, ...(profile === undefined ? {} : { profile }), ...(size === undefined ? {} : { size }) };
}

/**
 * The size of a decoded picture, out of what the filter `showinfo` prints: `n:   0 pts:… s:640x360 i:P iskey:1 …`. A
 * camera that says nothing of its size beforehand has shown it by then.
 */
export const pictureSizeOf = (line: string): PictureSize | undefined =>
  sizeOf(/\[Parsed_showinfo.* s:(\d+)x(\d+) /.exec(line));

function sizeOf(match: RegExpExecArray | null): PictureSize | undefined {
  const [, width, height] = match ?? [];
  return width === undefined || height === undefined || Number(width) === 0
    ? undefined
    : { width: Number(width), height: Number(height) };
}

/** The same of what the agent's own client has found out. */
export function sourceVideoOfConfig({ codec, codecs, record, width, height }: VideoConfig): SourceVideo {
  const profile = codec === 'h264' ? AVC_PROFILES[record[1] ?? 0] : HEVC_PROFILES[(record[1] ?? 0) & 0x1f];
  return {
    codec: codec === 'h264' ? 'h264' : 'hevc',
    ...(profile === undefined ? {} : { profile }),
    codecs,
    size: { width, height },
  };
}

/** ITU-T H.264, A.2, and H.265, A.3: the ones that cameras have. */
const AVC_PROFILES: Readonly<Record<number, string>> = { 66: 'Baseline', 77: 'Main', 88: 'Extended', 100: 'High' };
const HEVC_PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'Main 10' };

const CODECS: Readonly<Record<string, string>> = {
  h264: 'H.264',
  hevc: 'H.265',
  mjpeg: 'Motion JPEG',
  mpeg4: 'MPEG-4',
  av1: 'AV1',
};

/** The codec's name for people. */
export const codecName = ({ codec, profile }: SourceVideo): string =>
  `${CODECS[codec] ?? codec}${profile === undefined ? '' : ` ${profile}`}`;
