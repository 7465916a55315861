import { intruderIn } from './resync.ts';

/** No description of a camera's comes near it. */
export const MAX_BODY_BYTES = 256 * 1024;
/** How many bytes may be missing when nothing more comes. */
const FEW = 64;
/** Of what may begin in a text, less a byte. */
const LONGEST_BEGINNING = 6;
const LF = 0x0a;

/**
 * Looks for the end of a body whose length its head got wrong by some bytes, as cameras do that count line breaks or a
 * final zero in or out; at each byte once.
 *
 * - A packet or an answer within the length begins where it stands: the body was shorter.
 * - When nothing comes any more and only a few bytes are missing, the body was shorter too.
 * - A description (RFC 8866) goes on beyond its length to the end of its line.
 * - One without a length goes on as long as there are lines of one.
 */
export class BodyEnd {
  readonly #length: number | undefined;
  readonly #isDescription: boolean;
  #searched = 0;
  /** Where the line begins that is under way, once the length is reached. */
  #line: number | undefined;

  constructor(length: number | undefined, isDescription: boolean) {
    this.#length = length;
    this.#isDescription = isDescription;
  }

  /**
   * @param bytes from the body's first one on; more each time
   * @param quiet nothing more has come for a while
   */
  find(bytes: Buffer, quiet: boolean): number | 'incomplete' | 'endless' {
    const said = this.#length ?? 0;
    if (bytes.length < said && !(quiet && said - bytes.length <= FEW)) return 'incomplete';
    const length = Math.min(said, bytes.length);
    if (this.#line === undefined) {
      const intruder = intruderIn(bytes, { from: 0, to: length });
      if (typeof intruder === 'number') return intruder;
      if (intruder === 'unclear' && !quiet) return 'incomplete';
      if (!this.#isDescription || length < said) return length;
      this.#line = length === 0 ? 0 : bytes.lastIndexOf(LF, length - 1) + 1;
      this.#searched = length;
    }
    return this.#further(bytes, this.#line, quiet);
  }

  /** Line by line, from one on that the length may have cut. */
  #further(bytes: Buffer, from: number, quiet: boolean): number | 'incomplete' | 'endless' {
    const length = this.#length ?? 0;
    for (let line = from; ;) {
      this.#line = line;
      if (Math.max(line, this.#searched) > MAX_BODY_BYTES) return 'endless';
      if (this.#length !== undefined && line >= length) return line;
      const beginning = bytes.toString('latin1', line, line + 2);
      if (beginning === '') return quiet ? line : 'incomplete';
      if (!/^[a-z]=?$/.test(beginning)) return Math.max(line, length);
      const end = bytes.indexOf(LF, this.#searched);
      const to = end === -1 ? bytes.length : end;
      const intruder = intruderIn(bytes, { from: Math.max(line, this.#searched - LONGEST_BEGINNING), to });
      if (typeof intruder === 'number') return intruder;
      if (end === -1) {
        this.#searched = bytes.length;
        return quiet ? bytes.length : 'incomplete';
      }
      line = end + 1;
      this.#searched = line;
    }
  }
}
