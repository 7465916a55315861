import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import { TimestampJump } from '../cmaf/segmenter.ts';
import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { StreamEncoder } from '../encoders/stream-encoder.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink } from '../media/source.ts';
import { secondsOfMilliseconds, type Seconds } from '../../protocol/units.ts';
import { ffmpegRun, type Fed, type Shape } from './arguments.ts';
import type { FfmpegProgram } from './locate.ts';
import { readPipe } from './pipe.ts';
import { startFfmpeg } from './process.ts';

export interface EncodingOptions {
  readonly stream: StreamConfig;
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: software. */
  readonly encoder?: StreamEncoder;
}

/** One run of FFmpeg, and what it makes of each quality. */
export interface Encoding {
  /** Null where it opens its input itself. */
  readonly stdin: Writable | null;
  /** Why it ended, once it has, and all it made was handed on; undefined when it was told to. Never rejects. */
  readonly over: Promise<Failure | undefined>;
}

/** The first thing that goes wrong ends it. @param run.sinks for each encoded quality, in order */
export function startEncoding(
  { stream, ffmpeg, clock, log, encoder }: EncodingOptions,
  run: {
    readonly sinks: readonly Pick<FrameSink, 'config' | 'frame'>[];
    readonly fed?: Fed;
    readonly ahead?: Seconds;
    readonly shapes?: readonly Shape[] | undefined;
    readonly signal: AbortSignal;
  },
): Encoding {
  const broken = new AbortController();
  const { hasFpsMode } = ffmpeg;
  const now = secondsOfMilliseconds(clock.wall());
  const { base, args } = ffmpegRun(stream, { ...run, now, hasFpsMode, encoder: encoder?.current });
  const process = startFfmpeg({
    ...{ path: ffmpeg.path, args, pipes: run.sinks.length, fed: run.fed !== undefined },
    onLine: (line) => log.debug({ ffmpeg: line }, 'FFmpeg says'),
    signal: AbortSignal.any([run.signal, broken.signal]),
  });
  const read = run.sinks.map((sink, index) =>
    readPipe(process.pipes[index]!, { base, frameRate: stream.targetFps }, sink).then(
      // A pipe that just ends is FFmpeg's own affair.
      () => process.ended,
      unreadable,
    ),
  );
  const over = Promise.race([process.ended, ...read]).then(async (failure) => {
    broken.abort();
    await process.ended;
    await Promise.all(read);
    return run.signal.aborted ? undefined : failure;
  });
  return { stdin: process.stdin, over };
}

function unreadable(error: unknown): Failure {
  const kind = error instanceof TimestampJump ? 'clock' : 'encoder';
  return { kind, message: `what FFmpeg made can't be used: ${messageOf(error)}` };
}
