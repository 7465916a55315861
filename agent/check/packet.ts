import { median } from './median.ts';
import { seconds, type Seconds } from '../../protocol/units.ts';

/** One frame as the camera encoded it. */
export interface Packet {
  /** When it came in. */
  readonly time: Seconds;
  readonly keyframe: boolean;
}

/**
 * Reads FFmpeg's `-c copy -f framecrc`, line by line: the one output that tells of frames of any codec, with their times
 * and which of them are keyframes, in every version of FFmpeg.
 *
 *     #tb 0: 1/90000
 *     0,  161581249468668,  161581249468668,     3600,    17574, 0xa104a2ca
 *     0,  161581249471110,  161581249471110,     3600,     7755, 0x48ef36f2, F=0x0
 *
 * That is stream, DTS, PTS, duration, size, checksum, and the flags where they are not those of a keyframe.
 */
export class PacketReader {
  #tick = NaN;

  /** The packet that a line tells of; undefined for a line of the header. */
  push(line: string): Packet | undefined {
    const [, numerator, denominator] = /^#tb 0: (\d+)\/(\d+)/.exec(line) ?? [];
    if (numerator !== undefined && denominator !== undefined) this.#tick = Number(numerator) / Number(denominator);
    const [, dts] = /^0, *(-?\d+),/.exec(line) ?? [];
    if (dts === undefined) return undefined;
    const flags = /, F=0x([0-9a-f]+)/i.exec(line)?.[1];
    const keyframe = flags === undefined || (Number.parseInt(flags, 16) & KEY_FLAG) !== 0;
    return { time: seconds(Number(dts) * this.#tick), keyframe };
  }
}

/** FFmpeg's AV_PKT_FLAG_KEY. */
const KEY_FLAG = 1;

/** Some cameras begin with a burst of what they have kept. */
const BURST = seconds(0.5);
/** Below this many frames there is no telling without the burst. */
const MIN_FRAMES = 8;

/** Frames a second, by the times they came in; undefined of fewer than two. */
export function frameRateOf(packets: readonly Packet[]): number | undefined {
  const start = packets[0]?.time ?? 0;
  const steady = packets.filter(({ time }) => time >= start + BURST);
  const counted = steady.length >= MIN_FRAMES ? steady : packets;
  const [first, last] = [counted[0]?.time, counted.at(-1)?.time];
  if (first === undefined || last === undefined || last <= first) return undefined;
  return (counted.length - 1) / (last - first);
}

/**
 * How many times faster frames come than their own times tell; undefined where there are too few.
 * @param own the same packets, by their own times
 */
export function paceOf(packets: readonly Packet[], own: readonly Packet[]): number | undefined {
  const start = packets[0]?.time ?? 0;
  const from = packets.findIndex(({ time }) => time >= start + BURST);
  // All of it came in a burst: then that is its pace.
  const first = from === -1 || packets.length - from < MIN_FRAMES ? 0 : from;
  const took = (packets.at(-1)?.time ?? 0) - (packets[first]?.time ?? 0);
  const lasts = (own.at(-1)?.time ?? 0) - (own[first]?.time ?? 0);
  return packets.length < MIN_FRAMES || !(took > 0 && lasts > 0) ? undefined : lasts / took;
}

/** From one keyframe to the next, or to the end of what was seen. */
export function longestWithoutKeyframe(packets: readonly Packet[]): Seconds {
  const marks = packets.filter(({ keyframe }, index) => keyframe || index === packets.length - 1);
  return seconds(Math.max(0, ...marks.slice(1).map(({ time }, index) => time - (marks[index]?.time ?? time))));
}

/** Frames from one keyframe to the next, as often as that was seen. */
export interface KeyframeDistance {
  readonly least: number;
  readonly usual: number;
  readonly most: number;
}

/** Undefined where no two keyframes were seen. */
export function keyframeDistanceOf(packets: readonly Packet[]): KeyframeDistance | undefined {
  const keyframes = packets.flatMap(({ keyframe }, index) => (keyframe ? [index] : []));
  const distances = keyframes.slice(1).map((index, before) => index - (keyframes[before] ?? 0));
  if (distances.length === 0) return undefined;
  return { least: Math.min(...distances), usual: Math.round(median(distances)), most: Math.max(...distances) };
}
