/** Limits of High profile (ISO/IEC 14496-10, table A-1): macroblocks a frame and a second, kbit/s. */
const LEVELS = [
  ['3.0', 1620, 40_500, 12_500],
  ['3.1', 3600, 108_000, 17_500],
  ['3.2', 5120, 216_000, 25_000],
  ['4.0', 8192, 245_760, 25_000],
  ['4.2', 8704, 522_240, 62_500],
  ['5.0', 22_080, 589_824, 168_750],
  ['5.1', 36_864, 983_040, 300_000],
  ['5.2', 36_864, 2_073_600, 300_000],
] as const;
type Level = (typeof LEVELS)[number][0];
const HIGHEST = '5.2';
export const LEAST_LEVEL = '3.0';

/** The lowest level, from 3.0 on, that has room for this. */
export function h264Level(macroblocks: number, framesPerSecond: number, kbps: number): Level | typeof HIGHEST {
  const fitting = LEVELS.find(
    ([, frame, second, bitrate]) => macroblocks <= frame && macroblocks * framesPerSecond <= second && kbps <= bitrate,
  );
  return fitting?.[0] ?? HIGHEST;
}
