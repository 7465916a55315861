import type { Frame } from './frame.ts';

/** More than cameras put into ten seconds. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_FRAMES = 1000;

/** The frames since the last keyframe: with them a decoder can begin at once. None where they are too many to be kept. */
export class LastGop {
  #frames: Frame[] = [];
  #size = 0;

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  push(frame: Frame): void {
    if (frame.keyframe) this.clear();
    else if (this.#frames.length === 0) return;
    this.#frames.push(frame);
    this.#size += frame.size;
    if (this.#size > MOST_BYTES || this.#frames.length > MOST_FRAMES) this.clear();
  }

  clear(): void {
    this.#frames = [];
    this.#size = 0;
  }
}
