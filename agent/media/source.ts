import type { Failure } from './failure.ts';
import type { Frame } from './frame.ts';
import type { TrackConfig } from './track.ts';
import type { Ticks } from '../../protocol/units.ts';

/**
 * Where frames of one track come from: a camera's own stream, or a pipe of FFmpeg's. It calls `sink` as they come, a
 * configuration before the first frame and whenever it changes, and resolves when it is over: with why, or with undefined
 * when `signal` was aborted. Never rejects.
 */
export type FrameSource = (sink: FrameSink, signal: AbortSignal) => Promise<Failure | undefined>;

/** The same of several tracks at once: a sink for each, in the same order. */
export type TracksSource = (sinks: readonly FrameSink[], signal: AbortSignal) => Promise<Failure | undefined>;

/** @typeParam Config of the one kind of track that is meant */
export interface FrameSink<Config = TrackConfig> {
  readonly config: (config: Config) => void;
  readonly frame: (frame: Frame) => void;
  /**
   * This machine's wall clock was set: times of what comes from here on are later by so much than they would have been,
   * or earlier where it is negative; only here may they go back.
   */
  readonly jump: (by: Ticks) => void;
  /** Where it is to be made only while somebody wants it. */
  readonly onDemand?: OnDemand | undefined;
}

export interface OnDemand {
  readonly isWanted: () => boolean;
  /** No more comes for now: what is under way breaks off. */
  readonly pause: () => void;
}
