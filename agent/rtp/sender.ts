import { RESTART_AFTER } from './sequence.ts';

/** A sender that has been silent for so long has lost its place to one that speaks. */
const SILENT_MS = 1000;

/**
 * Who of those that send is this track's: a camera was seen to send what was left of an old session along with the new
 * one. The first one is, until it falls silent, or another one has sent 64 packets in a row.
 */
export class Sender {
  #source: number | undefined;
  #heard = 0;
  #stranger: number | undefined;
  #strangers = 0;

  /** The SSRC that packets are taken from; undefined before the first. */
  get source(): number | undefined {
    return this.#source;
  }

  /** @param now of a monotonic clock, in milliseconds @returns whose the packet is */
  hear(source: number, now: number): 'sender' | 'new sender' | 'stranger' {
    if (source !== this.#source) {
      if (this.#source !== undefined && now - this.#heard <= SILENT_MS) {
        this.#strangers = source === this.#stranger ? this.#strangers + 1 : 1;
        this.#stranger = source;
        if (this.#strangers < RESTART_AFTER) return 'stranger';
      }
      const first = this.#source === undefined;
      this.#source = source;
      this.#heard = now;
      this.#strangers = 0;
      return first ? 'sender' : 'new sender';
    }
    this.#heard = now;
    this.#strangers = 0;
    return 'sender';
  }
}
