/**
 * Start codes of Annex B (H.264 and H.265, B.2): three bytes that no NAL unit holds, in front of one where they are put in
 * a row. RTP has none, but some cameras send what their encoder hands them as if it were a single unit.
 */
const START_CODE = Buffer.of(0, 0, 1);
export const START_CODE_BYTES = START_CODE.length;

/** @returns where the first one at or behind `from` begins, or −1 */
export function indexOfStartCode(bytes: Uint8Array, from: number): number {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.indexOf(START_CODE, from);
}

/** @param zeros how many there are before these bytes @returns where one that began before them ends, or −1 */
export function endOfStartCode(bytes: Uint8Array, zeros: number): number {
  if (zeros === 0) return -1;
  let at = 0;
  while (bytes[at] === 0) at += 1;
  return bytes[at] === 1 && zeros + at >= 2 ? at + 1 : -1;
}

/** @param before zeros in front of these bytes @returns how many zeros there are at their end */
export function trailingZeros(bytes: Uint8Array, before: number): number {
  let at = bytes.length;
  while (at > 0 && bytes[at - 1] === 0) at -= 1;
  return at === 0 ? before + bytes.length : bytes.length - at;
}
