import { describe, expect, test } from 'vitest';
import { arrivalsFrom, arrived, demandOf, latestOf, type Arrivals } from '../../worker/player/arrivals.ts';
import { paceOf } from '../../worker/player/pace.ts';
import { configured, pinned, step, type Measurement, type Target } from '../../worker/player/target.ts';

const FRAME_MS = 40;
const measured = (neededMs: number, more: { spreadMs?: number; stalledMs?: number } = {}): Measurement => ({
  demand: { neededMs, spreadMs: more.spreadMs ?? 0 },
  stalledMs: more.stalledMs ?? 0,
  frameMs: FRAME_MS,
});
const TICK_MS = 200;

/** Steps for some seconds, from `at` on, with what a function of the seconds since then gives. */
function after(seconds: number, target: Target, at: number, what: (second: number) => Measurement): Target {
  let [next, now] = [target, at];
  for (; now <= at + 1000 * seconds; now += TICK_MS) next = step(next, what((now - at) / 1000), now);
  return next;
}

describe('the target of a player', () => {
  const start = configured(500, 0);

  test('stays what the stream asks for until enough is known', () => {
    const nothing: Measurement = { demand: undefined, stalledMs: 0, frameMs: FRAME_MS };
    expect(after(60, start, 0, () => nothing)).toMatchObject({ ms: 500, why: 'configured' });
  });

  test('goes down on a good network, to what is needed and what the screen takes', () => {
    const target = after(20, start, 0, () => measured(60));
    expect(target.why).toBe('lowered');
    expect(target.ms).toBeGreaterThan(60);
    expect(target.ms).toBeLessThan(100);
  });

  test('never goes below a frame and a little, however good the network', () => {
    expect(after(60, start, 0, () => measured(1)).ms).toBeGreaterThan(FRAME_MS);
  });

  test('stays what the stream asks for where that is less than a player could do with', () => {
    expect(after(10, configured(50, 0), 0, () => measured(1))).toMatchObject({ ms: 50, why: 'configured' });
  });

  test('goes up at once when a picture comes late, and above what the stream asks for if need be', () => {
    const low = after(20, start, 0, () => measured(60));
    const high = step(low, measured(700), 20_200);
    expect(high).toMatchObject({ why: 'raised' });
    expect(high.ms).toBeGreaterThan(700);
  });

  test('goes up after a stall that no late picture explains, but not for ever', () => {
    const low = after(20, start, 0, () => measured(60));
    const high = step(low, measured(60, { stalledMs: 50 }), 20_200);
    expect(high).toMatchObject({ why: 'stalled' });
    expect(high.ms).toBeCloseTo(low.ms + 50, 3);
    const often = after(60, low, 20_200, () => measured(60, { stalledMs: 90 }));
    expect(often.ms).toBeLessThan(low.ms + 200);
  });

  test('leaves more where arrivals vary', () => {
    const steady = after(20, start, 0, () => measured(150));
    const varying = after(20, start, 0, () => measured(150, { spreadMs: 100 }));
    expect(varying.ms).toBeGreaterThan(steady.ms);
  });

  test('holds what it was raised to, and then goes down slowly', () => {
    const low = after(20, start, 0, () => measured(60));
    const high = step(low, measured(300), 20_000);
    expect(after(15, high, 20_200, () => measured(60)).ms).toBe(high.ms);
    expect(after(60, high, 20_200, () => measured(60)).ms).toBeLessThan(110);
  });

  test('does not swing where one picture in half a minute comes late: it is lowered less and less often', () => {
    const everyHalfMinute = (second: number): Measurement => measured(second % 30 < 15 ? 300 : 60);
    let [target, lowerings, was] = [start, 0, start.why];
    for (let now = 0; now < 1_800_000; now += TICK_MS) {
      target = step(target, everyHalfMinute(now / 1000), now);
      if (target.why === 'lowered' && was !== 'lowered') lowerings += 1;
      was = target.why;
    }
    expect(lowerings).toBeLessThanOrEqual(8);
  });

  test('is left alone when somebody pinned it', () => {
    expect(after(30, pinned(120), 0, () => measured(400, { stalledMs: 100 }))).toMatchObject({
      ms: 120,
      why: 'pinned',
    });
  });
});

describe('arrivals', () => {
  /** One a frame, each with an age by its time. */
  const seen = (seconds: number, ageAt: (now: number) => number): Arrivals => {
    let arrivals = arrivalsFrom(0);
    for (let now = 0; now <= 1000 * seconds; now += FRAME_MS) arrivals = arrived(arrivals, ageAt(now), now);
    return arrivals;
  };

  test('demand nothing until there were enough', () => {
    expect(demandOf(seen(2, () => 50))).toBeUndefined();
    expect(demandOf(seen(6, () => 50))).toEqual({ neededMs: 50, spreadMs: 0 });
  });

  test('do not count while a player begins', () => {
    expect(demandOf(seen(30, (now) => (now < 1000 ? 900 : 50)))).toMatchObject({ neededMs: 50 });
  });

  test('demand what the worst of the latest seconds needed', () => {
    const once = seen(10, (now) => (now === 4000 ? 300 : 50));
    expect(demandOf(once)).toEqual({ neededMs: 300, spreadMs: 250 });
    expect(latestOf(once)).toBe(50);
    expect(demandOf(seen(40, (now) => (now === 4000 ? 300 : 50)))).toMatchObject({ neededMs: 50 });
  });
});

describe('the pace', () => {
  test('is that of reality at the target, and near it', () => {
    expect(paceOf(100, 100, 1)).toBe(1);
    expect(paceOf(107, 100, 1)).toBe(1);
    expect(paceOf(94, 100, 1)).toBe(1);
  });

  test('once begun, a correction goes on until it is there', () => {
    expect(paceOf(107, 100, 1.01)).toBeGreaterThan(1);
    expect(paceOf(102, 100, 1.01)).toBe(1);
  });

  test('is never so fast or slow that it is seen', () => {
    expect(paceOf(5000, 100, 1)).toBeLessThanOrEqual(1.06);
    expect(paceOf(100, 5000, 1)).toBeGreaterThanOrEqual(0.94);
  });
});
