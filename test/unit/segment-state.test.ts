import { describe, expect, test } from 'vitest';
import {
  decideGet,
  decidePut,
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
};

describe('a PUT', () => {
  test.for<[SegmentState['phase'], 'the same' | 'another', Precedence, PutDecision]>([
    ['awaited', 'the same', 'first wins', 'begin'],
    ['awaited', 'the same', 'last wins', 'begin'],

    ['receiving', 'the same', 'first wins', 'resume'],
    ['receiving', 'the same', 'last wins', 'resume'],
    ['receiving', 'another', 'first wins', 'refuse'],
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
  ])('for one that is %s, by %s writer, where the %s: %s', ([phase, by, precedence, decision]) => {
    const writer = by === 'the same' ? 'agent-1' : 'agent-2';
    expect(decidePut(STATES[phase], writer, precedence)).toBe(decision);
  });
});

describe('a GET', () => {
  test.for<[SegmentState['phase'], willing: GetDecision, unwilling: GetDecision]>([
    ['awaited', 'hold', 'absent'],
    ['receiving', 'attach', 'attach'],
    ['broken', 'attach', 'attach'],
    ['complete', 'whole', 'whole'],
    ['aborted', 'absent', 'absent'],
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
