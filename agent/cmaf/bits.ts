import { ParameterSetError } from './parameter-set.ts';

/** Reads a NAL unit's bits, as H.264 and H.265 have them (both: 7.2 and 9.1, H.265 9.2). */
export class BitReader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  #position = 0;

  /**
   * @param what for errors: `SPS`
   * @param nalUnit with its header, and as it is sent
   */
  constructor(what: string, nalUnit: Uint8Array) {
    this.#what = what;
    this.#bytes = withoutEmulationPrevention(nalUnit);
  }

  /** u(n), n up to 32. */
  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) {
      const byte = this.#bytes[this.#position >> 3];
      if (byte === undefined) {
        throw new ParameterSetError(`${this.#what}: expected more than ${this.#bytes.length} bytes`);
      }
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position++;
    }
    return value;
  }

  /** A flag, u(1). */
  flag(): boolean {
    return this.read(1) === 1;
  }

  skip(count: number): void {
    this.#position += count;
  }

  /** ue(v), Exp-Golomb. */
  unsigned(): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      if (++zeros > 32) {
        throw new ParameterSetError(`${this.#what}: expected an Exp-Golomb code of up to 32 leading zeros, got more`);
      }
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** se(v), signed Exp-Golomb. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

/** H.264 and H.265, 7.4.1: after two zero bytes a 3 is there only so that no start code arises. */
function withoutEmulationPrevention(nalUnit: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(nalUnit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
    } else {
      zeros = byte === 0 ? zeros + 1 : 0;
      bytes[length++] = byte;
    }
  }
  return bytes.subarray(0, length);
}
