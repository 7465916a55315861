/** Writes bits as H.264 and H.265 have them (7.2, 9.1), to make any parameter set there may be. */
export class Bits {
  text = '';
  u(count: number, value: number): this {
    this.text += value.toString(2).padStart(count, '0');
    return this;
  }
  ue(value: number): this {
    const code = (value + 1).toString(2);
    this.text += '0'.repeat(code.length - 1) + code;
    return this;
  }
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }
  /** With the trailing bits, and emulation prevention (7.4.1). */
  nalUnit(): number[] {
    const padded = `${this.text}1`.padEnd(Math.ceil((this.text.length + 1) / 8) * 8, '0');
    const escaped: number[] = [];
    let zeros = 0;
    for (const [byte] of padded.matchAll(/.{8}/g)) {
      const value = Number.parseInt(byte, 2);
      if (zeros >= 2 && value <= 3) {
        escaped.push(3);
        zeros = 0;
      }
      escaped.push(value);
      zeros = value === 0 ? zeros + 1 : 0;
    }
    return escaped;
  }
}
