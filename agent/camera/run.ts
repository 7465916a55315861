import { randomUUID } from 'node:crypto';
import { ForcedSegmenter } from '../cmaf/forced-segmenter.ts';
import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import type { TracksSource } from '../media/source.ts';
import type { Edge } from '../upload/edge.ts';
import type { PutOutcome } from '../upload/put.ts';
import { Uploader } from '../upload/uploader.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { seconds, secondsOfTicks, ticksOfSeconds, type Milliseconds, type Ticks } from '../../protocol/units.ts';
import { representationId } from './description.ts';
import { silence } from './silence.ts';
import { TrackWriter, type Rendition } from './track-writer.ts';

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
  /** What every quality is like is known. */
  readonly onRenditions: (renditions: readonly Rendition[]) => void;
  readonly onFrame: (index: number, frame: Frame) => void;
  readonly onOutcome: (number: SegmentNumber, outcome: PutOutcome) => void;
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
  const { stream, clock } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const jumped = Promise.withResolvers<Failure>();
  let newest: Milliseconds | undefined;
  const renditions = new Map<number, Rendition>();
  const told = (index: number, rendition: Rendition): void => {
    renditions.set(index, rendition);
    if (renditions.size < stream.qualities.video.length) return;
    const all = stream.qualities.video.map((_, quality) => renditions.get(quality)!);
    if (stream.serverSideRepresentationSwitching) demandOneInit(all);
    options.onRenditions(all);
  };
  const tracks = stream.qualities.video.map((_, index) => {
    const uploader = uploaderOf(options, index);
    const track = new TrackWriter({
      segmenter: new ForcedSegmenter({ ...stream, frameRate: stream.targetFps }),
      uploader,
      onRendition: (rendition) => told(index, rendition),
      onFrame: (frame) => {
        newest = clock.monotonic();
        options.onFrame(index, frame);
      },
      onJump: (by) => {
        if (Math.abs(by) > NOTICED) jumped.resolve(clockFailure(by));
      },
    });
    return { uploader, track };
  });

  const source = options
    .source(
      tracks.map(({ track }) => track),
      signal,
    )
    .catch((error: unknown): Failure => ({ kind: 'other', message: messageOf(error) }));
  const over = Promise.race([source, jumped.promise, silence(() => newest, clock, signal)]).then(async (failure) => {
    ending.abort();
    await source;
    return options.signal.aborted ? undefined : failure;
  });
  const settled = over.then(async () => {
    for (const { track } of tracks) track.end();
    await Promise.all(tracks.map(({ uploader }) => uploader.stop('the encoder ended')));
  });
  return { over, settled, due: () => tracks.map(({ uploader }) => uploader.due) };
}

function clockFailure(by: Ticks): Failure {
  const size = Math.abs(secondsOfTicks(by)).toFixed(1);
  return { kind: 'clock', message: `this machine's clock was set ${by > 0 ? 'forward' : 'back'} by ${size} s` };
}

const uploaderOf = (options: RunOptions, index: number): Uploader =>
  new Uploader({
    edge: options.edge,
    stream: options.stream.stream,
    representation: representationId(index),
    segmentDuration: options.stream.segmentDuration,
    timeShift: options.stream.timeShift,
    due: options.due[index],
    writer: randomUUID(),
    clock: options.clock,
    onOutcome: options.onOutcome,
    onRetry: options.onRetry,
    signal: options.uploadSignal,
  });

/** @throws Error where a player could not switch without knowing */
function demandOneInit(renditions: readonly Rendition[]): void {
  const [first, ...others] = renditions.map(({ init }) => Buffer.from(init));
  if (first !== undefined && others.some((other) => !other.equals(first))) {
    throw new Error(
      'the encoders of the qualities differ in their parameter sets: serverSideRepresentationSwitching needs them the same',
    );
  }
}
