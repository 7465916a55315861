import type { Demand } from './arrivals.ts';

/**
 * Which latency a player aims at, by what it measures. Pure; times in milliseconds of one monotonic clock.
 *
 *     configured ──good network──▶ lowered ──pictures come late, or a stall──▶ raised
 *                                     ▲                                          │
 *                                     └── nothing late for a hold, which ────────┘
 *                                         doubles each time that it was not enough
 *
 * Up at once and down slowly: a latency that goes to and fro is worse than one a little too high.
 */
export interface Target {
  readonly ms: number;
  readonly why: Why;
  /** What the stream asks for. */
  readonly configuredMs: number;
  /** No lowering before this. */
  readonly holdUntil: number;
  /** How long the next raise holds. */
  readonly holdMs: number;
  readonly at: number;
}

/** `pinned`: somebody asked for it. `lowered`, `raised`: by what was measured. `stalled`: raised because it stood still. */
export type Why = 'configured' | 'pinned' | 'lowered' | 'raised' | 'stalled';

export interface Measurement {
  readonly demand: Demand | undefined;
  /** How long the picture stood still since the last step. */
  readonly stalledMs: number;
  /** From one frame to the next. */
  readonly frameMs: number;
}

/** To decode a picture and to bring it on the screen. */
const RESERVE_MS = 25;
/** Chromium shows each picture for its time and has the next decoded by then. */
const LOWEST_OVER_FRAME_MS = 40;
const HIGHEST_MS = 3000;
/** Stalls that no late arrival explains raise by so much in all: what is late then is the device, or there is no media. */
const STALLS_RAISE_MS = 150;
/** Less of a difference is none. */
const WORTH_MS = 4;
/** A raise by less says nothing against the lowering before it. */
const LITTLE_MS = 15;
const FIRST_HOLD_MS = 20_000;
const LONGEST_HOLD_MS = 600_000;
/** Time in which a lowering goes most of its way. */
const LOWERING_MS = 2500;

export const configured = (ms: number, now: number): Target => ({
  ...{ ms, why: 'configured', configuredMs: ms, holdUntil: now, holdMs: FIRST_HOLD_MS, at: now },
});

export const pinned = (ms: number): Target => ({
  ...{ ms, why: 'pinned', configuredMs: ms, holdUntil: Infinity, holdMs: Infinity, at: 0 },
});

export function step(target: Target, measurement: Measurement, now: number): Target {
  if (target.why === 'pinned') return target;
  const wanted = wantedMs(target, measurement);
  if (wanted > target.ms + WORTH_MS) return raise(target, wanted, measurement.stalledMs > 0, now);
  if (now < target.holdUntil || measurement.demand === undefined || wanted >= target.ms - WORTH_MS) {
    return { ...target, at: now };
  }
  const share = 1 - Math.exp((target.at - now) / LOWERING_MS);
  return { ...target, ms: target.ms - share * (target.ms - wanted), why: 'lowered', at: now };
}

function wantedMs({ ms, configuredMs }: Target, { demand, stalledMs, frameMs }: Measurement): number {
  const lowest = Math.min(configuredMs, frameMs + LOWEST_OVER_FRAME_MS);
  const demanded = demand === undefined ? 0 : demand.neededMs + demand.spreadMs / 4 + RESERVE_MS;
  const stalled = stalledMs > 0 ? Math.min(ms + stalledMs, Math.max(demanded, lowest) + STALLS_RAISE_MS) : 0;
  return Math.min(Math.max(demanded, stalled, lowest), HIGHEST_MS);
}

const raise = (target: Target, ms: number, stalled: boolean, now: number): Target => {
  // What was never lowered, or by little too much, has not been lowered too soon.
  const again = target.why === 'configured' || ms - target.ms < LITTLE_MS ? 1 : 2;
  return {
    ...target,
    ...{ ms, why: stalled ? 'stalled' : 'raised', at: now },
    ...{ holdUntil: now + target.holdMs, holdMs: Math.min(again * target.holdMs, LONGEST_HOLD_MS) },
  };
};
