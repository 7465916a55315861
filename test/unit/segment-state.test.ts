import { describe, expect, test } from 'vitest';
import { seconds } from '../../protocol/units.ts';
import {
  decideGet,
  decidePut,
  MAX_SPARES,
  patienceFor,
  type GetDecision,
  type Precedence,
  type PutDecision,
  type SegmentState,
} from '../../worker/segment/state.ts';

const STATES: Readonly<Record<SegmentState['phase'], SegmentState>> = {
  awaited: { phase: 'awaited' },
  receiving: { phase: 'receiving', writer: 'agent-1' },
  broken: { phase: 'broken', writer: 'agent-1' },
  complete: { phase: 'complete', writer: 'agent-1' },
  aborted: { phase: 'aborted' },
  expired: { phase: 'expired' },
};

describe('a PUT', () => {
  test.for<[SegmentState['phase'], 'the same' | 'another', Precedence, PutDecision]>([
    ['awaited', 'the same', 'first wins', 'begin'],
    ['awaited', 'the same', 'last wins', 'begin'],

    ['receiving', 'the same', 'first wins', 'resume'],
    ['receiving', 'the same', 'last wins', 'resume'],
    ['receiving', 'another', 'first wins', 'wait'],
    ['receiving', 'another', 'last wins', 'begin'],

    ['broken', 'the same', 'first wins', 'resume'],
    ['broken', 'the same', 'last wins', 'resume'],
    ['broken', 'another', 'first wins', 'begin'],
    ['broken', 'another', 'last wins', 'begin'],

    ['complete', 'the same', 'first wins', 'already complete'],
    ['complete', 'the same', 'last wins', 'begin'],
    ['complete', 'another', 'first wins', 'refuse'],
    ['complete', 'another', 'last wins', 'begin'],

    ['aborted', 'the same', 'first wins', 'begin'],
    ['aborted', 'another', 'last wins', 'begin'],

    ['expired', 'the same', 'first wins', 'refuse'],
    ['expired', 'another', 'first wins', 'refuse'],
    ['expired', 'another', 'last wins', 'begin'],
  ])('for one that is %s, by %s writer, where the %s: %s', ([phase, by, precedence, decision]) => {
    const writer = by === 'the same' ? 'agent-1' : 'agent-2';
    expect(decidePut(STATES[phase], writer, precedence, 0)).toBe(decision);
  });

  test('waits with few others', () => {
    expect(decidePut(STATES.receiving, 'agent-2', 'first wins', MAX_SPARES - 1)).toBe('wait');
    expect(decidePut(STATES.receiving, 'agent-2', 'first wins', MAX_SPARES)).toBe('too many');
  });

  test('of the writer that is there, or of one that may replace it, never waits', () => {
    for (const state of Object.values(STATES)) {
      expect(decidePut(state, 'agent-1', 'first wins', MAX_SPARES)).not.toMatch('wait|too many');
      expect(decidePut(state, 'agent-2', 'last wins', MAX_SPARES)).not.toMatch('wait|too many');
    }
  });
});

describe('a GET', () => {
  test.for<[SegmentState['phase'], willing: GetDecision, unwilling: GetDecision]>([
    ['awaited', 'hold', 'absent'],
    ['receiving', 'attach', 'attach'],
    ['broken', 'attach', 'attach'],
    ['complete', 'whole', 'whole'],
    ['aborted', 'absent', 'absent'],
    ['expired', 'absent', 'absent'],
  ])('of one that is %s: %s, or without waiting %s', ([phase, willing, unwilling]) => {
    expect(decideGet(STATES[phase], true)).toBe(willing);
    expect(decideGet(STATES[phase], false)).toBe(unwilling);
  });

  test('never gets as a whole what is not complete', () => {
    for (const state of Object.values(STATES)) {
      for (const mayWait of [true, false]) {
        expect(decideGet(state, mayWait) === 'whole').toBe(state.phase === 'complete');
      }
    }
  });
});

describe('a PUT may say nothing', () => {
  test.for<
    [what: string, segmentDuration: number, fragmentDuration: number, fps: number, alone: number, withSpare: number]
  >([
    ['of the defaults', 1, 0.1, 24, 10_000, 1200],
    ['whose frames are rarer than its fragments', 2, 0.1, 1, 10_000, 3000],
    ['of one fragment a segment', 6, 6, 25, 12_000, 12_000],
    ['of the longest segments', 60, 0.5, 25, 120_000, 2000],
  ])('%s', ([, segmentDuration, fragmentDuration, fps, alone, withSpare]) => {
    const patience = patienceFor({
      segmentDuration: seconds(segmentDuration),
      fragmentDuration: seconds(fragmentDuration),
      frameDuration: seconds(1 / fps),
    });
    expect(patience).toEqual({ alone, withSpare });
  });
});
