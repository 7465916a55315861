import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { STRIPS, startStream, type Setup } from './glass-stream.ts';
import { Viewer, type Player, type Viewing } from './glass-viewer.ts';
import type { Picture, Sight } from './glass-eye.ts';
import type { Network } from './network.ts';
import { quantile } from './quantile.ts';

export interface Look extends Setup {
  readonly player: Player;
  /** Seconds that are measured. */
  readonly seconds: number;
  /** Seconds that a player is given before. */
  readonly settle: number;
}

/** Times in milliseconds. */
export interface Outcome {
  /** Ages of the pictures when they came on the screen. */
  readonly ages: readonly number[];
  /** The longest time that one picture stayed. */
  readonly longestPicture: number;
  /** Pictures whose clock could not be read, or reads otherwise than their media time by more than that of all the others. */
  readonly unread: number;
  readonly stalls: number;
  readonly stalledFor: number;
  readonly waits: number;
  /** Stalls from the first picture until the measurement. */
  readonly stallsBefore: number;
  readonly dropped: number;
  /** From asking for the page to the first picture: with the camera asleep, and while it runs. */
  readonly cold: number;
  readonly warm: number;
  /** What the player aimed at in the end, and what it took its latency for, where it says so. */
  readonly aim: number | null;
  readonly believed: number | null;
  /** Bitrate of the media that it loaded, on average, where it says so. */
  readonly kbps: number | null;
  /** By how much media times are later than the clock in the picture; the median. */
  readonly mediaTimeLater: number;
  readonly errors: readonly string[];
  /** Share of the machine's processors that had nothing to do: with little of it, what is measured is the machine. */
  readonly idle: number;
}

const FIRST_PICTURE_MS = 30_000;

/** One measurement: a camera that sleeps, a first viewer who wakes it and is watched, and one who comes while it runs. */
export async function look(at: Look, network: Network): Promise<Outcome> {
  await using stream = await startStream(at);
  const viewing: Viewing = {
    ...{ player: at.player, target: at.target, strip: STRIPS[at.source], network },
    origin: await network.lead(stream.port),
  };
  await using first = await Viewer.open(viewing);
  const cold = await first.firstPicture(FIRST_PICTURE_MS);
  // The page itself came over the whole line: what is of interest is how a picture goes on.
  const widen = await network.narrow();
  await sleep(1000 * at.settle);
  const before = await first.sight();
  const [from, clock] = [performance.now(), idleClock()];
  const bitrates: number[] = [];
  for (let second = 1; second <= at.seconds; second += 1) {
    await sleep(Math.max(0, from + 1000 * second - performance.now()));
    const { measuredKbps } = await first.says();
    if (measuredKbps !== null) bitrates.push(measuredKbps);
  }
  const after = await first.sight();
  const kbps = bitrates.length === 0 ? null : bitrates.reduce((sum, one) => sum + one, 0) / bitrates.length;
  const idle = (idleClock() - clock) / (performance.now() - from);
  const { targetMs: aim, latencyMs: believed } = await first.says();
  await widen();
  await using second = await Viewer.open(viewing);
  const warm = await second.firstPicture(FIRST_PICTURE_MS);
  return {
    ...between(before, after, from),
    cold,
    warm,
    aim,
    believed,
    kbps,
    idle,
    errors: after.errors,
  };
}

function between(
  before: Sight,
  after: Sight,
  from: number,
): Omit<Outcome, 'cold' | 'warm' | 'aim' | 'believed' | 'kbps' | 'idle' | 'errors'> {
  const pictures = after.pictures.filter(({ at }) => at >= from);
  const stalls = after.stalls.filter(({ at }) => at >= from);
  const later = pictures.flatMap((picture) => laterOf(picture) ?? []);
  const mediaTimeLater = quantile(
    later.toSorted((a, b) => a - b),
    0.5,
  );
  const isRead = (picture: Picture): boolean => Math.abs((laterOf(picture) ?? NaN) - mediaTimeLater) < MISREAD_MS;
  return {
    mediaTimeLater,
    ages: pictures.flatMap((picture) => (isRead(picture) ? picture.at - (picture.captured ?? NaN) : [])),
    longestPicture: Math.max(...pictures.slice(1).map(({ at }, index) => at - (pictures[index]?.at ?? at))),
    unread: pictures.filter((picture) => !isRead(picture)).length,
    stalls: stalls.length,
    stalledFor: stalls.reduce((sum, { ms }) => sum + ms, 0),
    waits: after.waits.filter((at) => at >= from).length,
    stallsBefore: after.stalls.length - stalls.length,
    dropped: after.dropped - before.dropped,
  };
}

/** By how much a picture's media time is later than the clock in it, in milliseconds. */
const laterOf = ({ time, captured }: Picture): number | undefined =>
  captured === null ? undefined : 1000 * time - captured;

/** A camera's encoder spoils a cell of the clock now and then, mostly of the first picture after a keyframe. */
const MISREAD_MS = 20;

/** Milliseconds that a processor of this machine has had nothing to do, on average. */
const idleClock = (): number => cpus().reduce((sum, { times }) => sum + times.idle, 0) / cpus().length;
