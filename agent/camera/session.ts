import { randomUUID } from 'node:crypto';
import { setInterval } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { ForcedSegmenter } from '../cmaf/forced-segmenter.ts';
import { TimestampJump } from '../cmaf/segmenter.ts';
import type { StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import { ffmpegRun } from '../ffmpeg/arguments.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import { readPipe } from '../ffmpeg/pipe.ts';
import { startFfmpeg } from '../ffmpeg/process.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import { hasPassage, openPassage } from '../rtsp/passage.ts';
import type { Edge } from '../upload/edge.ts';
import type { PutOutcome } from '../upload/put.ts';
import { Uploader } from '../upload/uploader.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import { representationId } from './description.ts';
import { TrackWriter, type Rendition } from './track-writer.ts';

/** How long a camera may take to its first frame, and between frames. */
const FIRST_FRAME_MS = 15_000;
const SILENCE_MS = 5000;
const WATCH_INTERVAL_MS = 500;

export interface SessionOptions {
  readonly stream: StreamConfig;
  readonly edge: Edge;
  readonly ffmpeg: FfmpegProgram;
  readonly log: Logger;
  readonly clock: Clock;
  /** `clock.wall` */
  readonly now: () => Milliseconds;
  /** Ends the session. */
  readonly signal: AbortSignal;
  /** Ends what the session still owes the edge. */
  readonly uploadSignal: AbortSignal;
  /** By quality, where the session before left off. */
  readonly due: readonly (SegmentNumber | undefined)[];
  /** Every quality's encoder has said what it makes. */
  readonly onRenditions: (renditions: readonly Rendition[]) => void;
  readonly onFrame: (index: number, frame: Frame) => void;
  readonly onOutcome: (number: SegmentNumber, outcome: PutOutcome) => void;
  /** An attempt to send a segment has failed, and another one follows. */
  readonly onRetry: (number: SegmentNumber, detail: string) => void;
}

export interface Session {
  /** Why it ended; undefined when it was told to. Never rejects. */
  readonly ended: Promise<Failure | undefined>;
  /** When nothing is owed to the edge any more. Never rejects. */
  readonly settled: Promise<void>;
  /** By quality, where the next session has to go on. */
  readonly due: () => readonly (SegmentNumber | undefined)[];
}

/** One run of FFmpeg for one camera, and all that hangs on it. The first thing that goes wrong ends it. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { stream, edge, ffmpeg, log, clock, now } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const passage = hasPassage(stream) ? await openPassage(stream.input.href, signal) : undefined;
  const run = ffmpegRun(stream, {
    now: secondsOfMilliseconds(now()),
    hasFpsMode: ffmpeg.hasFpsMode,
    passage: passage?.href,
  });
  const process = startFfmpeg({
    path: ffmpeg.path,
    args: run.args,
    pipes: stream.qualities.video.length,
    onLine: (line) => log.debug({ ffmpeg: line }, 'FFmpeg says'),
    trouble: () => passage?.trouble,
    signal,
  });
  const writer = randomUUID();
  const renditions: Rendition[] = [];
  let newest: Milliseconds | undefined;

  const uploaders = process.pipes.map(
    (_, index) =>
      new Uploader({
        edge,
        stream: stream.stream,
        representation: representationId(index),
        segmentDuration: stream.segmentDuration,
        timeShift: stream.timeShift,
        due: options.due[index],
        writer,
        clock,
        onOutcome: options.onOutcome,
        onRetry: options.onRetry,
        signal: options.uploadSignal,
      }),
  );
  const carried = process.pipes.map(async (pipe, index) => {
    const track = new TrackWriter({
      segmenter: new ForcedSegmenter({
        segmentDuration: stream.segmentDuration,
        fragmentDuration: stream.fragmentDuration,
        frameRate: stream.targetFps,
      }),
      uploader: uploaders[index]!,
      onRendition: (rendition) => {
        renditions[index] = rendition;
        if (Object.keys(renditions).length < process.pipes.length) return;
        if (stream.serverSideRepresentationSwitching) demandOneInit(renditions);
        options.onRenditions(renditions);
      },
      onFrame: (frame) => {
        newest = now();
        options.onFrame(index, frame);
      },
    });
    await readPipe(pipe, { base: run.base, frameRate: stream.targetFps }, track);
    track.end();
  });

  const failed = firstFailure(carried);
  const silent = silence(() => newest, now, signal);
  const ended = Promise.race([process.ended, failed, silent]).then(async (failure) => {
    over.abort();
    await process.ended;
    return options.signal.aborted ? undefined : failure;
  });
  const settled = ended.then(async (failure) => {
    await Promise.allSettled(carried);
    await Promise.all(
      uploaders.map((uploader) => (failure === undefined ? uploader.finish() : uploader.stop('the encoder ended'))),
    );
  });
  return { ended, settled, due: () => uploaders.map((uploader) => uploader.due) };
}

/** @throws Error where a player could not switch without knowing */
function demandOneInit(renditions: readonly Rendition[]): void {
  const [first, ...others] = renditions.map(({ init }) => Buffer.from(init));
  if (first !== undefined && others.some((other) => !other.equals(first))) {
    throw new Error(
      'the encoders of the qualities differ in their parameter sets: serverSideRepresentationSwitching needs them the same',
    );
  }
}

/** What FFmpeg's output can't be understood by; pending while it can. A pipe that just ends is FFmpeg's own affair. */
function firstFailure(carried: readonly Promise<void>[]): Promise<Failure> {
  const { promise, resolve } = Promise.withResolvers<Failure>();
  for (const way of carried) {
    way.catch((error: unknown) => {
      const kind = error instanceof TimestampJump ? 'clock' : 'encoder';
      resolve({ kind, message: `what FFmpeg made can't be used: ${messageOf(error)}` });
    });
  }
  return promise;
}

/** Resolves when no frame has come for too long; pending for ever once `signal` is aborted. */
async function silence(
  newest: () => Milliseconds | undefined,
  now: () => Milliseconds,
  signal: AbortSignal,
): Promise<Failure> {
  const start = now();
  try {
    for await (const _ of setInterval(WATCH_INTERVAL_MS, undefined, { signal })) {
      const last = newest();
      if (last === undefined ? now() - start > FIRST_FRAME_MS : now() - last > SILENCE_MS) {
        const waited = (last === undefined ? FIRST_FRAME_MS : SILENCE_MS) / 1000;
        return { kind: 'silent', message: `the camera has sent no picture for ${waited} s` };
      }
    }
  } catch {
    // Aborted: the session is over for another reason.
  }
  return new Promise(() => {});
}
