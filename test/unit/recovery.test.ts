import { expect, test } from 'vitest';
import { detached, step, type Action, type Happening, type Recovery } from '../../worker/player/recovery.ts';

/** What is done when these happen, a second apart. */
function live(happenings: readonly Happening[], from: Recovery = detached): { state: Recovery; actions: Action[] } {
  let state = from;
  const actions = happenings.map((happening, second) => {
    const { next, action } = step(state, happening, 1000 * second);
    state = next;
    return action;
  });
  return { state, actions };
}

const playing: readonly Happening[] = ['attach', 'manifest loaded', 'moves'];

test("a picture of a time that has not come is given up at once: somebody has set the edge's clock back", () => {
  const { state, actions } = live([...playing, 'clock set back']);
  expect(actions.at(-1)).toBe('attach');
  expect(state).toMatchObject({ phase: 'starting', attempt: 1 });
});

test('but not again and again', () => {
  const again: readonly Happening[] = ['clock set back', 'manifest loaded', 'moves', 'clock set back'];
  const { state, actions } = live([...playing, ...again]);
  expect(actions.filter((action) => action === 'attach')).toHaveLength(2);
  expect(state.phase).toBe('lost');
});

test.for<[string, readonly Happening[]]>([
  ['playing', playing],
  ['starting', ['attach', 'manifest loaded']],
])(
  'where sound is left out or taken in again while it is %s, it attaches anew, and no fault is counted',
  ([, before]) => {
    const { state, actions } = live([...before, 'sound changed']);
    expect(actions.at(-1)).toBe('attach');
    expect(state).toMatchObject({ phase: 'starting', attempt: 0 });
  },
);
