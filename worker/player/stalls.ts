/**
 * Counts stalls: times in which the picture stood still although it should have moved. Pure; `now` in milliseconds.
 *
 *     quiet ──first movement──▶ moving ──waits──▶ stalled ──moves──▶ moving
 *       ▲                          │                 │
 *       └──────── excused (the viewer paused, jumped, or looked away) ──┘
 */
export interface StallMeter {
  readonly phase: 'quiet' | 'moving' | 'stalled';
  /** When the stall that goes on began. */
  readonly since: number;
  /** Stalls that are over. */
  readonly count: number;
  /** Their length. */
  readonly totalMs: number;
}

/** Shorter ones are not seen: half a frame at 25 frames a second. */
const IMPERCEPTIBLE_MS = 20;

export const freshStallMeter: StallMeter = { phase: 'quiet', since: 0, count: 0, totalMs: 0 };

/** Playback has run out of pictures. Before the first picture that is starting, not stalling. */
export const waits = (meter: StallMeter, now: number): StallMeter =>
  meter.phase === 'moving' ? { ...meter, phase: 'stalled', since: now } : meter;

export const moves = (meter: StallMeter, now: number): StallMeter => ({ ...settled(meter, now), phase: 'moving' });

export const excused = (meter: StallMeter, now: number): StallMeter => ({ ...settled(meter, now), phase: 'quiet' });

/** Number and length of all stalls, with the one that goes on. */
export function stallsUntil(meter: StallMeter, now: number): { readonly count: number; readonly totalMs: number } {
  const { count, totalMs } = settled(meter, now);
  return { count, totalMs };
}

function settled(meter: StallMeter, now: number): StallMeter {
  const length = now - meter.since;
  if (meter.phase !== 'stalled' || length < IMPERCEPTIBLE_MS) return meter;
  return { ...meter, since: now, count: meter.count + 1, totalMs: meter.totalMs + length };
}
