import { milliseconds, millisecondsOfSeconds, seconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';

/**
 * Life of a segment, as decisions without effects; `object.ts` carries them out.
 *
 *               begin                      ended
 *     awaited ─────────▶ receiving ────────────────────▶ complete
 *        ▲                │     ▲                           │
 *        │ broke off,     │     │ resume, or begin by       │ begin (only where the last writer wins)
 *        │ fell silent    │     │ another that waits        ▼
 *        │                ▼     │                        receiving
 *        │              broken ─┘
 *        │                │ grace over
 *        │                ▼
 *        └── delete ── aborted ── begin ──▶ receiving          any ── out of the time-shift window ──▶ expired
 *
 * Only `complete` may look complete: in `receiving` and `broken` a viewer's response stays open, in `aborted` and
 * `expired` it has failed.
 *
 * Where the first writer wins, a PUT of another one (a spare's) waits, its body unread, and decides anew when the one
 * under way is over:
 *
 *     waiting ── that one was complete ────────────────────▶ refuse
 *        └────── it broke off, fell silent, was refused ───▶ begin; more than one: the first, the others wait on
 */
export type SegmentState =
  | { readonly phase: 'awaited' }
  | { readonly phase: 'receiving'; readonly writer: string }
  | { readonly phase: 'broken'; readonly writer: string }
  | { readonly phase: 'complete'; readonly writer: string }
  | { readonly phase: 'aborted' }
  | { readonly phase: 'expired' };

/** PUTs that may wait for another one's end. */
export const MAX_SPARES = 4;

/**
 * GETs of one segment that may be held or under way. Each that is held has a timer, of which the runtime gives an object
 * 10,000: when they were gone no PUT could begin.
 */
export const MAX_READERS = 5000;

/** What a PUT is to do. */
export type PutDecision =
  /** Start from nothing; whoever reads an older beginning fails. */
  | 'begin'
  /** The same writer again: skip the bytes that are there, then go on. A PUT still under way is superseded. */
  | 'resume'
  /** Another encoder is writing: decide anew when that is over. */
  | 'wait'
  /** The same, and enough are waiting. */
  | 'too many'
  /** Nothing is missing. */
  | 'already complete'
  /** Another encoder has written this segment, or its time is over. */
  | 'refuse';

/** Which of two encoders wins a segment: epoch-locked ones make interchangeable segments, a pushed one may have restarted. */
export type Precedence = 'first wins' | 'last wins';

/** @param spares how many PUTs wait */
export function decidePut(state: SegmentState, writer: string, precedence: Precedence, spares: number): PutDecision {
  switch (state.phase) {
    case 'awaited':
    case 'aborted':
      return 'begin';
    case 'broken':
      return state.writer === writer ? 'resume' : 'begin';
    case 'receiving':
      if (state.writer === writer) return 'resume';
      if (precedence === 'last wins') return 'begin';
      return spares < MAX_SPARES ? 'wait' : 'too many';
    case 'complete':
      if (precedence === 'last wins') return 'begin';
      return state.writer === writer ? 'already complete' : 'refuse';
    case 'expired':
      return precedence === 'last wins' ? 'begin' : 'refuse';
  }
}

/** What a GET is to do; the order of the checks is closed → ready → wait. */
export type GetDecision = 'absent' | 'whole' | 'attach' | 'hold';

export function decideGet(state: SegmentState, mayWait: boolean): GetDecision {
  switch (state.phase) {
    case 'aborted':
    case 'expired':
      return 'absent';
    case 'complete':
      return 'whole';
    case 'receiving':
    case 'broken':
      return 'attach';
    case 'awaited':
      return mayWait ? 'hold' : 'absent';
  }
}

/** How long the PUT under way may say nothing. */
export interface Patience {
  /** Then it counts as broken off. */
  readonly alone: Milliseconds;
  /** The same while another writer waits to take its place. */
  readonly withSpare: Milliseconds;
}

const LONGEST_SILENCE = seconds(10);
const NETWORK_DELAY = seconds(1);

/**
 * Alone: longer than any encoder that is well says nothing. One that does not stream says nothing for as long as a segment
 * takes and, if it opens the PUT a segment ahead, for two.
 *
 * With a spare: a PUT is opened a fragment ahead of its first one, which comes when it is whole: two fragments, or two
 * frames where frames are rarer than fragments should be; and a second for a packet that was lost twice (RFC 6298).
 */
export function patienceFor(media: {
  readonly segmentDuration: Seconds;
  readonly fragmentDuration: Seconds;
  readonly frameDuration: Seconds;
}): Patience {
  const gap = Math.max(media.fragmentDuration, media.frameDuration);
  const alone = Math.max(LONGEST_SILENCE, 2 * media.segmentDuration);
  return {
    alone: millisecondsOfSeconds(seconds(alone)),
    withSpare: millisecondsOfSeconds(seconds(Math.min(alone, 2 * gap + NETWORK_DELAY))),
  };
}

/** Of a PUT of which nothing is known. */
export const DEFAULT_PATIENCE: Patience = { alone: milliseconds(10_000), withSpare: milliseconds(10_000) };
