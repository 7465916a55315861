import type { Writable } from 'node:stream';
import { fragment } from '../cmaf/fragment.ts';
import { initSegment } from '../cmaf/init.ts';
import type { Frame } from '../media/frame.ts';
import type { VideoConfig } from '../media/track.ts';
import { milliseconds, ticksOfMilliseconds, type Ticks } from '../../protocol/units.ts';

/** How long frames may wait for FFmpeg to read them: else the picture comes later and later. */
const MOST_WAITING = ticksOfMilliseconds(milliseconds(2000));
/** And how many bytes. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** What a sample is said to last: FFmpeg looks at when the next one comes. */
const SOME_TIME = ticksOfMilliseconds(milliseconds(20));

/**
 * Feeds FFmpeg through its stdin, with CMAF: an init segment, then each frame as a fragment of its own, which FFmpeg takes for
 * complete when its last byte is there, and whose time it takes as it is.
 *
 *     flowing ──too much waits to be read──▶ skipping      frames are left out, not kept
 *     skipping ──keyframe, all was read────▶ flowing
 */
export class Feed {
  readonly #stdin: Writable;
  readonly #mayBegin: (frame: Frame) => boolean;
  #state: 'flowing' | 'skipping' = 'flowing';
  #sequenceNumber = 0;
  #skipped = 0;
  /** Times of the frames that wait to be read. */
  readonly #waiting: Ticks[] = [];
  /** Whether anything was read: FFmpeg takes a while to begin. */
  #isRead = false;

  /** @param mayBegin whether decoding can begin with a frame */
  constructor(stdin: Writable, config: VideoConfig, mayBegin = ({ keyframe }: Frame): boolean => keyframe) {
    this.#stdin = stdin;
    this.#mayBegin = mayBegin;
    // That it is gone shows by its end.
    stdin.on('error', () => {});
    stdin.write(initSegment(config));
  }

  /** Frames that were left out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** What it has to decode before `frame` can be, without regard to how old it is. */
  catchUp(frames: readonly Frame[]): void {
    for (const frame of frames) this.#write(frame, frames.at(-1)?.time ?? frame.time);
  }

  frame(frame: Frame): void {
    if (this.#state === 'skipping' && this.#waiting.length === 0 && this.#mayBegin(frame)) this.#state = 'flowing';
    else if (this.#state === 'flowing' && this.#isTooMuch(frame)) this.#state = 'skipping';
    if (this.#state === 'skipping') {
      this.#skipped += 1;
      return;
    }
    this.#write(frame, frame.time);
  }

  /** @param since since when it waits */
  #write(frame: Frame, since: Ticks): void {
    this.#sequenceNumber += 1;
    const bytes = fragment({ sequenceNumber: this.#sequenceNumber, frames: [{ ...frame, duration: SOME_TIME }] });
    this.#waiting.push(since);
    this.#stdin.write(bytes, () => {
      this.#waiting.shift();
      this.#isRead = true;
    });
  }

  #isTooMuch({ time }: Frame): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return false;
    return (this.#isRead && time - oldest > MOST_WAITING) || this.#stdin.writableLength > MOST_WAITING_BYTES;
  }
}
