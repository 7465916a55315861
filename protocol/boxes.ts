/**
 * Box framing of ISO base media files (ISO/IEC 14496-12, 4.2): a 32-bit size and a four-character type, then, for a
 * size of 1, a 64-bit size. A size of 0 («to the end of the file») has no place in a live stream.
 */
export interface Box {
  readonly type: string;
  /** Where it starts in the bytes it was found in. */
  readonly offset: number;
  /** Whole length, header included. */
  readonly size: number;
  readonly headerSize: number;
}

export class BoxError extends Error {
  override readonly name = 'BoxError';
}

/** The whole boxes at the start of `bytes`, and how many bytes they take; what is left over is a truncated box. */
export function splitBoxes(bytes: Uint8Array): { readonly boxes: readonly Box[]; readonly length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  let offset = 0;
  while (bytes.length - offset >= 8) {
    const compact = view.getUint32(offset);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const headerSize = compact === 1 ? 16 : 8;
    if (bytes.length - offset < headerSize) break;
    const size = compact === 1 ? Number(view.getBigUint64(offset + 8)) : compact;
    if (size < headerSize)
      throw new BoxError(`box "${type}" at byte ${offset}: expected a size of at least ${headerSize}, got ${size}`);
    if (bytes.length - offset < size) break;
    boxes.push({ type, offset, size, headerSize });
    offset += size;
  }
  return { boxes, length: offset };
}

/** What is inside a box that `bytes` holds whole. */
export const boxContent = (bytes: Uint8Array, box: Box): Uint8Array =>
  bytes.subarray(box.offset + box.headerSize, box.offset + box.size);
