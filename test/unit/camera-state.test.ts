import { describe, expect, test } from 'vitest';
import {
  IDLE,
  nextLook,
  transition,
  type CameraContext,
  type CameraEvent,
  type CameraState,
} from '../../agent/camera/camera-state.ts';
import type { Failure } from '../../agent/media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';

/** A camera's life, told by what happens at which second. */
function live(
  story: readonly (readonly [
    at: number,
    event: CameraEvent['kind'] | Failure | 'stopped',
    also?: Partial<CameraContext>,
  ])[],
  context: Partial<CameraContext> = {},
): { told: string[]; state: CameraState } {
  let state = IDLE;
  const told = story.map(([at, what, also]) => {
    const event: CameraEvent =
      typeof what === 'object'
        ? { kind: 'over', failure: what }
        : what === 'stopped' || what === 'over'
          ? { kind: 'over', failure: undefined }
          : { kind: what };
    const now = milliseconds(at * 1000);
    const result = transition(state, event, { now, alwaysOn: false, outage: false, ...context, ...also });
    state = result.state;
    const decisions = result.decisions.map((decision) =>
      decision.kind === 'wait' ? `wait ${decision.delay / 1000}` : decision.kind,
    );
    return [state.kind, ...decisions].join(', ');
  });
  return { told, state };
}

const tell = (...story: Parameters<typeof live>[0]): string[] => live(story).told;

const UNREACHABLE: Failure = { kind: 'unreachable', message: 'it is not there' };
const WRONG_PASSWORD: Failure = { kind: 'credentials', message: 'wrong password' };
const CLOCK_SET: Failure = { kind: 'clock', message: 'the clock was set' };

test('somebody wants to watch, and leaves again', () => {
  expect(tell([0, 'wanted'], [1, 'ready'], [3, 'watched'], [17, 'time'], [18, 'time'], [19, 'stopped'])).toEqual([
    'starting, start',
    'live',
    'live',
    'live',
    'stopping, stop',
    'idle',
  ]);
});

test('a camera that takes longer than anybody waits is stopped too', () => {
  expect(tell([0, 'wanted'], [15, 'time'])).toEqual(['starting, start', 'stopping, stop']);
});

test('what is heard of its own last segments does not wake it', () => {
  expect(
    tell([0, 'wanted'], [15, 'time'], [15.1, 'watched'], [15.2, 'stopped'], [15.3, 'watched'], [15.4, 'time']),
  ).toEqual(['starting, start', 'stopping, stop', 'stopping', 'idle', 'idle', 'idle']);
});

test('wanted while it stops, it starts when its connection is closed', () => {
  expect(tell([0, 'wanted'], [15, 'time'], [15.1, 'wanted'], [15.2, 'stopped'])).toEqual([
    'starting, start',
    'stopping, stop',
    'stopping',
    'starting, start',
  ]);
});

test('while the edge can not be reached it runs on for those it knows nothing of', () => {
  const outage = { outage: true };
  expect(tell([0, 'wanted'], [200, 'time', outage], [299, 'time', outage], [300, 'time', outage])).toEqual([
    'starting, start',
    'starting',
    'starting',
    'stopping, stop',
  ]);
});

test('alwaysOn it needs nobody', () => {
  const { told, state } = live(
    [
      [0, 'time'],
      [1, 'ready'],
      [1000, 'time'],
    ],
    { alwaysOn: true },
  );
  expect(told).toEqual(['starting, start', 'live', 'live']);
  expect(nextLook(state, { now: milliseconds(0), alwaysOn: true, outage: false })).toBeUndefined();
});

describe('a failure', () => {
  test('is waited after, twice as long each time', () => {
    expect(
      tell(
        [0, 'wanted'],
        [0.1, UNREACHABLE],
        [0.5, 'time'],
        [0.6, 'time'],
        [0.7, UNREACHABLE],
        [1.7, 'time'],
        [2, UNREACHABLE],
      ),
    ).toEqual([
      'starting, start',
      'waiting, wait 0.5',
      'waiting',
      'starting, start',
      'waiting, wait 1',
      'starting, start',
      'waiting, wait 2',
    ]);
  });

  test('after a good run is the first of a row', () => {
    expect(tell([0, 'wanted'], [0.1, UNREACHABLE], [0.6, 'time'], [5, 'watched'], [31, UNREACHABLE])).toEqual([
      'starting, start',
      'waiting, wait 0.5',
      'starting, start',
      'starting',
      'waiting, wait 0.5',
    ]);
  });

  test('for the password is waited after for long, whoever asks meanwhile', () => {
    expect(tell([0, 'wanted'], [1, WRONG_PASSWORD], [20, 'wanted'], [30, 'wanted'], [31, 'time'])).toEqual([
      'starting, start',
      'waiting, wait 30',
      'waiting',
      'waiting',
      'starting, start',
    ]);
  });

  test('is forgotten when nobody wants to watch any more, but not how many there were', () => {
    const { told, state } = live([
      [0, 'wanted'],
      [1, WRONG_PASSWORD],
      [31, 'time'],
      [40, 'wanted'],
      [41, WRONG_PASSWORD],
    ]);
    expect(told).toEqual(['starting, start', 'waiting, wait 30', 'idle', 'starting, start', 'waiting, wait 60']);
    expect(state).toMatchObject({ failures: 2, until: 101_000 });
  });

  test('of the clock is none of the camera: it starts anew at once, but not again and again', () => {
    expect(tell([0, 'wanted'], [5, CLOCK_SET], [6, CLOCK_SET])).toEqual([
      'starting, start',
      'starting, wait 0, start',
      'waiting, wait 1',
    ]);
  });

  test('where another way is left is tried that way at once', () => {
    const context = { now: milliseconds(0), alwaysOn: false, outage: false };
    const { state } = transition(IDLE, { kind: 'wanted' }, context);
    const failure: Failure = { kind: 'unusable', message: 'its SDP is a poem' };
    const next = transition(state, { kind: 'over', failure, otherWay: true }, context);
    expect(next.decisions.map(({ kind }) => kind)).toEqual(['start']);
  });
});

test('a run that is over without a failure leaves it idle', () => {
  expect(tell([0, 'wanted'], [1, 'over'])).toEqual(['starting, start', 'idle']);
});

test('it is looked at again when somebody may have left, or when it may be tried again', () => {
  const context = { now: milliseconds(0), alwaysOn: false, outage: false };
  const { state: starting } = live([
    [0, 'wanted'],
    [1, 'watched'],
  ]);
  expect(nextLook(starting, context)).toBe(16_000);
  expect(nextLook(starting, { ...context, outage: true })).toBe(301_000);
  expect(
    nextLook(
      live([
        [0, 'wanted'],
        [2, UNREACHABLE],
      ]).state,
      context,
    ),
  ).toBe(2500);
  expect(nextLook(IDLE, context)).toBeUndefined();
});
