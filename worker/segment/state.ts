/**
 * Life of a segment, as decisions without effects; `object.ts` carries them out.
 *
 *               begin                     ended
 *     awaited ─────────▶ receiving ──────────────────▶ complete
 *        ▲                │     ▲                         │
 *        │          broke │     │ resume                  │ begin (only where the last writer wins)
 *        │                ▼     │                         ▼
 *        │              broken ─┘                      receiving
 *        │                │ grace over, or another writer
 *        │                ▼
 *        └── delete ── aborted ── begin ──▶ receiving
 *
 * Only `complete` may look complete: in `receiving` and `broken` a viewer's response stays open, in `aborted` it has failed.
 */
export type SegmentState =
  | { readonly phase: 'awaited' }
  | { readonly phase: 'receiving'; readonly writer: string }
  | { readonly phase: 'broken'; readonly writer: string }
  | { readonly phase: 'complete'; readonly writer: string }
  | { readonly phase: 'aborted' };

/** What a PUT is to do. */
export type PutDecision =
  /** Start from nothing; whoever reads an older beginning fails. */
  | 'begin'
  /** The same writer again: skip the bytes that are there, then go on. A PUT still under way is superseded. */
  | 'resume'
  /** Nothing is missing. */
  | 'already complete'
  /** Another encoder is writing, or has written, this segment. */
  | 'refuse';

/** Which of two encoders wins a segment: epoch-locked ones make interchangeable segments, a pushed one may have restarted. */
export type Precedence = 'first wins' | 'last wins';

export function decidePut(state: SegmentState, writer: string, precedence: Precedence): PutDecision {
  switch (state.phase) {
    case 'awaited':
    case 'aborted':
      return 'begin';
    case 'broken':
      return state.writer === writer ? 'resume' : 'begin';
    case 'receiving':
      if (state.writer === writer) return 'resume';
      return precedence === 'last wins' ? 'begin' : 'refuse';
    case 'complete':
      if (precedence === 'last wins') return 'begin';
      return state.writer === writer ? 'already complete' : 'refuse';
  }
}

/** What a GET is to do; the order of the checks is closed → ready → wait. */
export type GetDecision = 'absent' | 'whole' | 'attach' | 'hold';

export function decideGet(state: SegmentState, mayWait: boolean): GetDecision {
  switch (state.phase) {
    case 'aborted':
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
