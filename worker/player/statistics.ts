import type { Why } from './target.ts';

export type LiveState =
  /** Nothing is attached: not started, or nobody looks. */
  | 'suspended'
  | 'starting'
  | 'playing'
  | 'stalled'
  | 'paused'
  /** The browser wants a click before it plays. */
  | 'blocked'
  | 'reconnecting'
  /** There is nothing to play at present: `trouble` says why. */
  | 'waiting'
  | 'denied';

/** Statistics of one video; null is what is not known. */
export interface Statistics {
  readonly state: LiveState;
  /** How far the picture is behind reality; by the clock of the edge. */
  readonly latencyMs: number | null;
  readonly targetMs: number | null;
  /** Why it is what it is. */
  readonly targetWhy: Why | null;
  /** The least latency with which no picture of the latest seconds would have come late. */
  readonly neededMs: number | null;
  readonly bufferS: number | null;
  /** Playback rate. */
  readonly rate: number;
  /** Bitrate that the manifest gives for the representation that is loaded. */
  readonly bitrateKbps: number | null;
  /** Bitrate of the latest segments. */
  readonly measuredKbps: number | null;
  readonly representation: string | null;
  /** RFC 6381, of the sound that is played. */
  readonly soundCodec: string | null;
  readonly soundKbps: number | null;
  /** Whether the stream has sound that doesn't come, and is played without. */
  readonly soundMissing: boolean;
  readonly width: number;
  readonly height: number;
  readonly fps: number | null;
  readonly stalls: number;
  readonly stalledMs: number;
  /** Frames that were decoded, but too late to be shown. */
  readonly dropped: number;
  /** How often the source was attached anew to recover from a fault. */
  readonly reattached: number;
}
