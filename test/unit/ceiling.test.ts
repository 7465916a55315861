import { describe, expect, test } from 'vitest';
import { open, step, type Ceiling, type Transfer } from '../../worker/player/ceiling.ts';

const QUALITIES = [200, 600, 1000];
const SECOND_MS = 1000;
const transferred = (bytes: number, tookMs: number, more: Partial<Transfer>): Transfer => ({
  ...{ bytes, tookMs, durationMs: SECOND_MS, latencyMs: 1500, whole: true },
  ...{ lateMs: 0, ...more },
});

/** What becomes of a ceiling over some seconds in which a player loads the best that it may over a line of `kbps`. */
function watch(
  from: Ceiling,
  kbps: number,
  seconds: number,
  at: number,
): { ceiling: Ceiling; late: number; at: number } {
  let [ceiling, now, late, segment] = [from, at, 0, Math.floor(at / SECOND_MS)];
  for (; now < at + seconds * SECOND_MS; segment += 1) {
    const bytes = Math.max(...QUALITIES.filter((quality) => quality <= ceiling.kbps)) * 125;
    const made = (segment + 1) * SECOND_MS;
    const began = Math.max(now, segment * SECOND_MS);
    now = Math.max(made, began + (8 * bytes) / kbps);
    late = Math.max(late, now - made);
    ceiling = step(ceiling, transferred(bytes, now - began, { lateMs: now - made }), QUALITIES, now);
  }
  return { ceiling, late, at: now };
}

describe('the ceiling of a player', () => {
  test('there is none on a line that carries everything', () => {
    expect(watch(open, 5000, 60, 0).ceiling).toEqual(open);
  });

  test('is what the line carries, with the first segment that comes late', () => {
    const { ceiling } = watch(open, 300, 3, 0);
    expect(ceiling.kbps).toBe(200);
    expect(watch(open, 800, 5, 0).ceiling.kbps).toBe(600);
  });

  test('comes down while a segment is still on its way', () => {
    const transfer = transferred(56_250, 1500, { lateMs: 500, whole: false });
    expect(step(open, transfer, QUALITIES, 1500).kbps).toBe(200);
  });

  test('does not come down for the beginning of a segment, which is slow by chance', () => {
    const transfer = transferred(2500, 200, { lateMs: 1200, whole: false });
    expect(step(open, transfer, QUALITIES, 1200).kbps).toBe(Infinity);
  });

  test('stays where it is while a player is far enough behind for what the next segment will be late', () => {
    const transfer = transferred(75_000, 1400, { lateMs: 600, latencyMs: 2500 });
    expect(step(open, transfer, QUALITIES, 1600).kbps).toBe(Infinity);
    expect(step(open, { ...transfer, latencyMs: 1500 }, QUALITIES, 1600).kbps).toBe(200);
  });

  test('is the lowest quality there is on a line that carries none', () => {
    expect(watch(open, 100, 20, 0).ceiling.kbps).toBe(200);
  });

  test('does not come down for what comes late but fast', () => {
    const joined = transferred(125_000, 20, { lateMs: 1500 });
    expect(step(open, joined, QUALITIES, 0).kbps).toBe(Infinity);
  });

  test('is lifted by one quality after a while on time, until there is none', () => {
    const low: Ceiling = { ...open, kbps: 200, carriesKbps: 240, since: 0 };
    const better = watch(low, 5000, 7, 0);
    expect(better.ceiling.kbps).toBe(600);
    expect(watch(better.ceiling, 5000, 7, better.at).ceiling.kbps).toBe(Infinity);
  });

  test('is lifted at once to what the line was seen to carry while the player caught up', () => {
    const low = watch(open, 300, 10, 0);
    const behind = { ...low.ceiling, since: low.at };
    const fast = transferred(25_000, 250, { lateMs: 900 });
    const seen = step(behind, fast, QUALITIES, low.at + 500);
    expect(seen.kbps).toBe(200);
    expect(step(seen, { ...fast, lateMs: 100 }, QUALITIES, low.at + 1000).kbps).toBe(600);
  });

  test('is lifted more and more rarely on a line that never carries more', () => {
    let lifts = 0;
    let seen = watch(open, 300, 5, 0);
    for (let second = 0; second < 600; second += 1) {
      const next = watch(seen.ceiling, 300, 1, seen.at);
      if (next.ceiling.liftedAt > seen.ceiling.liftedAt) lifts += 1;
      seen = next;
    }
    expect(lifts).toBeGreaterThan(2);
    expect(lifts).toBeLessThan(10);
  });

  test('never leaves a player behind for long', () => {
    const { ceiling, at } = watch(open, 1200, 10, 0);
    const spike = watch(ceiling, 300, 10, at);
    expect(spike.late).toBeLessThan(2500);
    expect(watch(spike.ceiling, 800, 10, spike.at).late).toBeLessThan(1500);
  });
});
