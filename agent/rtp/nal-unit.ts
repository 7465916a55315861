/** Bytes of length in front of a unit. */
export const LENGTH_BYTES = 4;

/** A NAL unit, in the form that frames hold it in: after its length (ISO/IEC 14496-15, 4.3.3). */
export class NalUnit {
  /** The length, then the unit: slices of what arrived. */
  readonly data: readonly Uint8Array[];
  /** Bytes of the unit alone. */
  readonly size: number;

  /** @param data begins with a piece whose first 4 bytes are for the length, written here; `size` bytes follow them */
  constructor(data: readonly Uint8Array[], size: number) {
    this.data = data;
    this.size = size;
    data[0]?.set([size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff]);
  }

  /** A byte of the unit, near its beginning; 0 beyond its end. */
  byte(at: number): number {
    let position = LENGTH_BYTES + at;
    for (const piece of this.data) {
      const byte = piece[position];
      if (byte !== undefined) return byte;
      position -= piece.length;
    }
    return 0;
  }

  /** The unit alone, in memory of its own. */
  copy(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.data).subarray(LENGTH_BYTES));
  }
}
