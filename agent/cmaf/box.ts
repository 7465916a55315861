/**
 * Writes boxes (ISO/IEC 14496-12, 4.2) one after another and inside each other into one piece of memory; a box's size
 * is filled in when it is over. All numbers are big-endian.
 */
export class BoxWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  /** @param capacity bytes; to write more is an error */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  box(type: string, content: () => void): void {
    const start = this.#position;
    this.u32(0);
    this.text(type);
    content();
    this.#view.setUint32(start, this.#position - start);
  }

  /** A box that begins with its version and 24 flags (14496-12, 4.2.2). */
  fullBox(type: string, version: number, flags: number, content: () => void): void {
    this.box(type, () => {
      this.u32(version * 2 ** 24 + flags);
      content();
    });
  }

  u8(...values: readonly number[]): void {
    for (const value of values) this.#view.setUint8(this.#position++, value);
  }

  u16(...values: readonly number[]): void {
    for (const value of values) {
      this.#view.setUint16(this.#position, value);
      this.#position += 2;
    }
  }

  u32(...values: readonly number[]): void {
    for (const value of values) {
      this.#view.setUint32(this.#position, value);
      this.#position += 4;
    }
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.#position, BigInt(value));
    this.#position += 8;
  }

  /** ASCII, without a terminating zero. */
  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.u8(text.charCodeAt(index));
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  zeros(count: number): void {
    this.#position += count; // memory is zero to begin with
  }

  /** What was written: the memory itself when all of it was needed. */
  finish(): Uint8Array {
    return this.#position === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#position);
  }
}
