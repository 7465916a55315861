/**
 * How late media comes: the age of the newest picture in the buffer at the moment the next one arrives, over the latest
 * seconds. A player that is less behind reality than that has run out of pictures just then, whatever the cause: the
 * encoder, the network, a lost packet. Pure; times and ages in milliseconds.
 */
export interface Arrivals {
  /** Worst age of each second, the latest last. */
  readonly worst: readonly number[];
  /** When the second that is last in `worst` began. */
  readonly since: number;
}

/** What is older says nothing of now. */
const SECONDS = 15;
const SECOND_MS = 1000;
const ENOUGH_SECONDS = 3;
/** The first second of a player, in which it loads what is there already, does not count. */
const WARM_UP_MS = 1500;

export const arrivalsFrom = (now: number): Arrivals => ({ worst: [], since: now + WARM_UP_MS - SECOND_MS });

export function arrived({ worst, since }: Arrivals, ageMs: number, now: number): Arrivals {
  if (now - since >= SECOND_MS) return { worst: [...worst.slice(1 - SECONDS), ageMs], since: now };
  const last = worst.at(-1);
  return last === undefined || ageMs <= last ? { worst, since } : { worst: [...worst.slice(0, -1), ageMs], since };
}

/** What these arrivals demand. */
export interface Demand {
  /** The least latency with which no picture would have been late. */
  readonly neededMs: number;
  /** How much better the best of the seconds was. */
  readonly spreadMs: number;
}

/** Undefined until enough was seen. */
export function demandOf({ worst }: Arrivals): Demand | undefined {
  if (worst.length < ENOUGH_SECONDS) return undefined;
  const neededMs = Math.max(...worst);
  return { neededMs, spreadMs: neededMs - Math.min(...worst) };
}

/** The worst of the last three seconds; 0 when nothing came. */
export const latestOf = ({ worst }: Arrivals): number => Math.max(0, ...worst.slice(-3));
