import type { Logger } from 'pino';
import { parameterSetsOf } from '../cmaf/record-sets.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import type { FrameSink } from '../media/source.ts';
import type { VideoConfig } from '../media/track.ts';
import type { StreamName } from '../../protocol/names.ts';
import { seconds, ticksOfSeconds, type Ticks } from '../../protocol/units.ts';

/** Further apart keyframes may not be: whoever joins is given all frames since the last one. */
const MOST_BETWEEN_KEYFRAMES = ticksOfSeconds(seconds(10));

/**
 * A camera's own stream on its way to the edge: sees to it that players can begin with it, and go on when its parameter sets
 * change.
 *
 *     beginning ──keyframe───────────────────────▶ whole
 *     beginning ──10 s of frames without one─────▶ refused     no more of it is handed on
 *     whole     ──10 s without one───────────────▶ whole       said, once
 */
export class CopiedTrack implements FrameSink {
  readonly #options: CopiedTrackOptions;
  #state: 'beginning' | 'whole' | 'refused' = 'beginning';
  /** Of the last keyframe, or the first frame. */
  #since: Ticks | undefined;
  #isTold = false;
  #config: VideoConfig | undefined;
  /** Parameter sets that go before each keyframe, for those who have an older init segment. */
  #inBand: readonly Uint8Array[] = [];

  constructor(options: CopiedTrackOptions) {
    this.#options = options;
  }

  config(config: VideoConfig): void {
    // Browsers heed what is in the stream itself, too; the init segment is for those who come.
    if (this.#config !== undefined) this.#inBand = parameterSetsOf(config);
    this.#config = config;
    this.#options.sink.config(config);
  }

  frame(frame: Frame): void {
    if (this.#state === 'refused') return;
    this.#since ??= frame.time;
    if (frame.keyframe) {
      this.#state = 'whole';
      this.#since = frame.time;
    } else if (frame.time - this.#since > MOST_BETWEEN_KEYFRAMES) {
      this.#late(frame.time);
    }
    if (this.#state === 'whole') this.#options.sink.frame(this.#withSets(frame));
  }

  jump(by: Ticks): void {
    this.#options.sink.jump(by);
  }

  #late(time: Ticks): void {
    const { stream, log, onRefused } = this.#options;
    this.#since = time;
    if (this.#state === 'beginning') {
      this.#state = 'refused';
      onRefused(NO_KEYFRAME);
    } else if (!this.#isTold) {
      this.#isTold = true;
      log.warn(`${stream}: ${RARE_KEYFRAMES}`);
    }
  }

  #withSets(frame: Frame): Frame {
    if (!frame.keyframe || this.#inBand.length === 0) return frame;
    const size = this.#inBand.reduce((sum, { length }) => sum + length, frame.size);
    return { ...frame, data: [...this.#inBand, ...frame.data], size };
  }
}

const NO_KEYFRAME: Failure = {
  kind: 'unusable',
  message:
    'the camera sends no keyframes (intra refresh), so no player can begin with its own stream: let it send one every 1 to 2 s, or have it encoded here ("targetWidth", "targetBitrate" instead of "copy")',
};
const RARE_KEYFRAMES =
  "the camera's keyframes are more than 10 s apart: whoever begins to watch may have to wait for the next; let it send one every 1 to 2 s";

export interface CopiedTrackOptions {
  readonly stream: StreamName;
  readonly sink: FrameSink;
  readonly log: Logger;
  /** It can't be copied. */
  readonly onRefused: (failure: Failure) => void;
}
