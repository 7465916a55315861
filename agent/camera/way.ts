import { encodedQualities, isCopied, type StreamConfig } from '../config/schema.ts';
import { ffmpegSource, type OpeningOptions } from '../ffmpeg/source.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink, TracksSource } from '../media/source.ts';
import { cameraSource } from '../rtsp/source.ts';
import { forkedSource } from './fork.ts';

/** How a camera is come by. */
export interface Way {
  readonly source: TracksSource;
  /** After a failure. @returns whether another way is to be tried at once: `source` is that one now */
  readonly goOver: (failure: Failure) => boolean;
}

/**
 * By the agent's own client; by FFmpeg's where the configuration says so, and where the client can make no sense of a
 * camera: then what is to be copied is left out.
 */
export function wayTo(options: OpeningOptions): Way {
  const { stream, log } = options;
  const byFfmpeg = withoutCopies(stream, ffmpegSource(options));
  if (stream.type !== 'RTSP' || stream.via === 'ffmpeg') return { source: byFfmpeg, goOver: () => false };
  const { input: url, transport } = stream;
  const named = log.child({}, { msgPrefix: `${stream.stream}: ` });
  const client = forkedSource(cameraSource({ ...options, url, transport, log: named }), options);
  if (encodedQualities(stream).length === 0) return { source: client, goOver: () => false };
  return eitherWay({
    client,
    ffmpeg: byFfmpeg,
    say: (why) => log.info(`${stream.stream}: trying FFmpeg's way to the camera: ${why}`),
  });
}

/**
 *     client ──what the camera says can't be used──▶ trying FFmpeg ──a frame──▶ FFmpeg, for as long as the agent runs
 *       ▲                                                 │ over without one
 *       └─────────────────────────────────────────────────┘
 */
export function eitherWay(ways: {
  readonly client: TracksSource;
  readonly ffmpeg: TracksSource;
  readonly say: (why: string) => void;
}): Way {
  let state: 'client' | 'trying FFmpeg' | 'FFmpeg' = 'client';
  let why: Failure | undefined;
  const proving = (sink: FrameSink): FrameSink => ({
    config: (config) => sink.config(config),
    jump: (by) => sink.jump(by),
    frame: (frame) => {
      state = 'FFmpeg';
      sink.frame(frame);
    },
  });
  return {
    source: async (sinks, signal) => {
      if (state === 'client') return ways.client(sinks, signal);
      const failure = await ways.ffmpeg(sinks.map(proving), signal);
      // It may take for a wrong password what it doesn't know: the client has said what is the matter.
      return failure !== undefined && state === 'trying FFmpeg' ? why : failure;
    },
    goOver: (failure) => {
      if (state === 'trying FFmpeg') state = 'client';
      else if (state === 'client' && failure.kind === 'unusable') {
        state = 'trying FFmpeg';
        why = failure;
        ways.say(failure.message);
        return true;
      }
      return false;
    },
  };
}

const withoutCopies =
  ({ qualities }: StreamConfig, source: TracksSource): TracksSource =>
  (sinks, signal) =>
    source(
      sinks.filter((_, index) => !isCopied(qualities.video[index]!)),
      signal,
    );
