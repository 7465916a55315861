import type { LiveState } from './statistics.ts';
import type { StreamState } from './streams.ts';
import type { Why } from './target.ts';

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

/** Why a video aims at the latency that it does. */
export const TARGET_WORDS: Record<Why, string> = {
  configured: 'as the stream asks for',
  pinned: 'as the address asks for',
  lowered: 'lowered, as pictures come in time',
  raised: 'raised, as pictures came late',
  stalled: 'raised, as the picture stood still',
};
