import { randomUUID } from 'node:crypto';
import { ForcedSegmenter } from '../cmaf/forced-segmenter.ts';
import { SliceSegmenter } from '../cmaf/slice-segmenter.ts';
import type { Clock } from '../clock.ts';
import { isCopied, isOnDemand, type StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import type { TracksSource } from '../media/source.ts';
import type { Edge } from '../upload/edge.ts';
import type { PutOutcome } from '../upload/put.ts';
import { Uploader } from '../upload/uploader.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { seconds, secondsOfTicks, ticksOfSeconds, type Ticks } from '../../protocol/units.ts';
import { representationId } from './description.ts';
import { demandOneInit, type Renditions } from './renditions.ts';
import { TrackWriter } from './track-writer.ts';

/** Less than this the segmenter copes with. */
const NOTICED = ticksOfSeconds(seconds(0.25));

export interface RunOptions {
  readonly stream: StreamConfig;
  /** A track for each quality. */
  readonly source: TracksSource;
  readonly edge: Edge;
  readonly clock: Clock;
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Ends what the run still owes the edge. */
  readonly uploadSignal: AbortSignal;
  /** By quality, where the run before left off. */
  readonly due: readonly (SegmentNumber | undefined)[];
  /** More is known of what there is: by quality, as far as it is known. */
  readonly onRenditions: (renditions: Renditions) => void;
  readonly onFrame: (index: number, frame: Frame) => void;
  /** Whether somebody wants a quality that is made only then. */
  readonly isWanted: (index: number) => boolean;
  readonly onOutcome: (index: number, number: SegmentNumber, outcome: PutOutcome) => void;
  /** An attempt to send a segment has failed, and another one follows. */
  readonly onRetry: (number: SegmentNumber, detail: string) => void;
}

export interface Run {
  /** Why it is over; undefined when it was told to be. Never rejects. */
  readonly over: Promise<Failure | undefined>;
  /** When nothing is owed to the edge any more. Never rejects. */
  readonly settled: Promise<void>;
  /** By quality, where the next run has to go on. */
  readonly due: () => readonly (SegmentNumber | undefined)[];
}

/** One run of a camera: its frames, and their way to the edge. What it was in the midst of when it ends breaks off. */
export function startRun(options: RunOptions): Run {
  const { stream } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const failed = Promise.withResolvers<Failure>();
  let renditions: Renditions = stream.qualities.video.map(() => undefined);
  const tracks = stream.qualities.video.map((quality, index) => {
    const { segmentDuration, fragmentDuration, targetFps } = stream;
    const copied = isCopied(quality);
    return new TrackWriter({
      copied,
      isWanted: isOnDemand(quality) ? () => options.isWanted(index) : undefined,
      segmenter: () =>
        copied
          ? new SliceSegmenter({ segmentDuration, fragmentDuration })
          : new ForcedSegmenter({ segmentDuration, fragmentDuration, frameRate: targetFps }),
      uploader: (due) => uploaderOf(options, index, due),
      due: options.due[index],
      onRendition: (rendition) => {
        renditions = renditions.with(index, rendition);
        if (stream.serverSideRepresentationSwitching) demandOneInit(renditions);
        options.onRenditions(renditions);
      },
      onFrame: (frame) => options.onFrame(index, frame),
      onJump: (by) => {
        if (Math.abs(by) > NOTICED) failed.resolve(clockFailure(by));
      },
      onFailure: failed.resolve,
    });
  });

  const source = options
    .source(tracks, signal)
    .catch((error: unknown): Failure => ({ kind: 'other', message: messageOf(error) }));
  const over = Promise.race([source, failed.promise]).then(async (failure) => {
    ending.abort();
    await source;
    return options.signal.aborted ? undefined : failure;
  });
  const settled = over.then(async () => {
    await Promise.all(tracks.map((track) => track.stop()));
  });
  return { over, settled, due: () => tracks.map(({ due }) => due) };
}

function clockFailure(by: Ticks): Failure {
  const size = Math.abs(secondsOfTicks(by)).toFixed(1);
  return { kind: 'clock', message: `this machine's clock was set ${by > 0 ? 'forward' : 'back'} by ${size} s` };
}

const uploaderOf = (options: RunOptions, index: number, due: SegmentNumber | undefined): Uploader =>
  new Uploader({
    edge: options.edge,
    stream: options.stream.stream,
    representation: representationId(index),
    segmentDuration: options.stream.segmentDuration,
    timeShift: options.stream.timeShift,
    due,
    writer: randomUUID(),
    clock: options.clock,
    onOutcome: (number, outcome) => options.onOutcome(index, number, outcome),
    onRetry: options.onRetry,
    signal: options.uploadSignal,
  });
