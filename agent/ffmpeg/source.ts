import type { Logger } from 'pino';
import { TimestampJump } from '../cmaf/segmenter.ts';
import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import type { TracksSource } from '../media/source.ts';
import { hasPassage, openPassage } from '../rtsp/passage.ts';
import { secondsOfMilliseconds } from '../../protocol/units.ts';
import { ffmpegRun } from './arguments.ts';
import { clockStep } from './clock-step.ts';
import type { FfmpegProgram } from './locate.ts';
import { readPipe } from './pipe.ts';
import { startFfmpeg } from './process.ts';

/**
 * FFmpeg as what opens the camera, decodes it and encodes each quality: a track for each. The first thing that goes wrong
 * ends it.
 */
export function ffmpegSource(options: {
  readonly stream: StreamConfig;
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly log: Logger;
}): TracksSource {
  const { stream, ffmpeg, clock, log } = options;
  return async (sinks, ended) => {
    const over = new AbortController();
    const signal = AbortSignal.any([ended, over.signal]);
    const passage = hasPassage(stream) ? await openPassage(stream.input.href, signal) : undefined;
    const run = ffmpegRun(stream, {
      now: secondsOfMilliseconds(clock.wall()),
      hasFpsMode: ffmpeg.hasFpsMode,
      passage: passage?.href,
    });
    const process = startFfmpeg({
      path: ffmpeg.path,
      args: run.args,
      pipes: sinks.length,
      onLine: (line) => log.debug({ ffmpeg: line }, 'FFmpeg says'),
      trouble: () => passage?.trouble,
      signal,
    });
    const read = sinks.map((sink, index) =>
      // A pipe that just ends is FFmpeg's own affair.
      readPipe(process.pipes[index]!, { base: run.base, frameRate: stream.targetFps }, sink).then(
        () => process.ended,
        unreadable,
      ),
    );
    const failure = await Promise.race([process.ended, ...read, clockStep(clock, signal)]);
    over.abort();
    await process.ended;
    await Promise.all(read);
    return ended.aborted ? undefined : failure;
  };
}

function unreadable(error: unknown): Failure {
  const kind = error instanceof TimestampJump ? 'clock' : 'encoder';
  return { kind, message: `what FFmpeg made can't be used: ${messageOf(error)}` };
}
