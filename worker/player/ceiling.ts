/**
 * The highest bitrate that a player may ask for, by what its line has shown. dash.js measures a line by how fast the
 * pieces of a segment come, and at the live edge they come as they are made: it takes a line for much faster than it is,
 * and stays with a quality that the line cannot carry. But what comes late comes as fast as the line can. Pure; times in
 * milliseconds of one monotonic clock, bitrates in kbit/s.
 *
 *     open ──late──▶ lowered ──on time, and shown to carry more, or for a hold──▶ lifted ──▶ … ──▶ open
 *                       ▲                                                          │
 *                       └────── late again soon: the next hold is twice as long ───┘
 */
export interface Ceiling {
  /** `Infinity` while there is none. */
  readonly kbps: number;
  /** What the line may be asked for, by what came late last. */
  readonly carriesKbps: number;
  /** Since when it has been so, and nothing was late. */
  readonly since: number;
  readonly holdMs: number;
  readonly liftedAt: number;
}

/** A segment on its way, or at its end. */
export interface Transfer {
  readonly bytes: number;
  /** Since its first byte. */
  readonly tookMs: number;
  /** Of its media. */
  readonly durationMs: number;
  /** By how much it could have been there earlier, whole; negative for one that is still being made. */
  readonly lateMs: number;
  /** How far the player is behind reality: so much could come late without being missed. */
  readonly latencyMs: number;
  readonly whole: boolean;
}

/** Less late happens on every line. */
const LATE_MS = 800;
/** Of its latency. What is left is for the line to become slower still. */
const LATE_SHARE = 0.5;
/** Share of what a line carries that media may take: it has to catch up, too. */
const SHARE = 0.8;
/** What takes less time says only that the line is fast. */
const SHORTEST_MS = 100;
/** The beginning of a segment says little of the line. */
const BEGINNING_MS = 500;
const FIRST_HOLD_MS = 5000;
const LONGEST_HOLD_MS = 120_000;
/** Late this soon after a lift, it was the lift. */
const SOON_MS = 10_000;

export const open: Ceiling = {
  ...{ kbps: Infinity, carriesKbps: 0 },
  ...{ since: -Infinity, holdMs: FIRST_HOLD_MS, liftedAt: -Infinity },
};

/** @param qualities bitrates of all that there are */
export function step(ceiling: Ceiling, transfer: Transfer, qualities: readonly number[], now: number): Ceiling {
  if (nextLateMs(transfer) > Math.max(LATE_MS, LATE_SHARE * transfer.latencyMs)) {
    return late(ceiling, transfer, qualities, now);
  }
  if (!transfer.whole || ceiling.kbps === Infinity) return ceiling;
  const carried = bestWithin(ceiling.carriesKbps, qualities);
  if (carried > ceiling.kbps) return lift(ceiling, carried, qualities, now);
  if (now - ceiling.since < ceiling.holdMs) return ceiling;
  return lift(ceiling, Math.min(...qualities.filter((kbps) => kbps > ceiling.kbps)), qualities, now);
}

/** How late the next one will be, if it takes as long. */
const nextLateMs = ({ lateMs, tookMs, durationMs }: Transfer): number => lateMs + Math.max(0, tookMs - durationMs);

function late(ceiling: Ceiling, transfer: Transfer, qualities: readonly number[], now: number): Ceiling {
  const { bytes, tookMs, whole } = transfer;
  if (!whole && tookMs < BEGINNING_MS) return { ...ceiling, since: now };
  const carriesKbps = tookMs < SHORTEST_MS ? Infinity : (SHARE * 8 * bytes) / tookMs;
  const carried = bestWithin(carriesKbps, qualities);
  if (carried >= Math.min(ceiling.kbps, Math.max(...qualities))) return { ...ceiling, carriesKbps, since: now };
  const again = now - ceiling.liftedAt < SOON_MS;
  const holdMs = again ? Math.min(2 * ceiling.holdMs, LONGEST_HOLD_MS) : FIRST_HOLD_MS;
  return { ...ceiling, ...{ kbps: carried, carriesKbps, since: now, holdMs } };
}

const lift = (ceiling: Ceiling, to: number, qualities: readonly number[], now: number): Ceiling => {
  const kbps = to < Math.max(...qualities) ? to : Infinity;
  return { ...ceiling, kbps, since: now, liftedAt: now };
};

/** The lowest where even that is more. */
const bestWithin = (kbps: number, qualities: readonly number[]): number =>
  Math.max(Math.min(...qualities), ...qualities.filter((quality) => quality <= kbps));
