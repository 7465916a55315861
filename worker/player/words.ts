import type { LiveState } from './statistics.ts';
import type { StreamState } from './streams.ts';

/** What the states are called on the pages. */
export const STATE_WORDS: Record<LiveState, string> = {
  suspended: 'Suspended',
  starting: 'Starting',
  playing: 'Live',
  stalled: 'Buffering',
  paused: 'Paused',
  blocked: 'Ready',
  reconnecting: 'Reconnecting',
  waiting: 'Waiting',
  denied: 'Locked',
};

/** For a tile that does not play. */
export const STREAM_WORDS: Record<StreamState, string> = {
  live: 'Live',
  pushed: 'Live',
  starting: 'Starting',
  idle: 'On demand',
  waiting: 'Waiting for the camera',
  offline: 'Offline',
};
