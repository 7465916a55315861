import { initSegment } from '../cmaf/init.ts';
import type { Segmenter } from '../cmaf/segmenter.ts';
import type { Frame } from '../media/frame.ts';
import type { FrameSink } from '../media/source.ts';
import type { TrackConfig } from '../media/track.ts';
import type { Uploader } from '../upload/uploader.ts';
import type { Ticks } from '../../protocol/units.ts';

/** What the edge has to know of a track before its first segment. */
export interface Rendition {
  readonly config: TrackConfig;
  /** Its init segment. */
  readonly init: Uint8Array;
}

/** The way of one track's frames into segments, and on to the edge. */
export class TrackWriter implements FrameSink {
  readonly #options: TrackWriterOptions;

  constructor(options: TrackWriterOptions) {
    this.#options = options;
  }

  config(config: TrackConfig): void {
    this.#options.onRendition({ config, init: initSegment(config) });
  }

  /** @throws TimestampJump */
  frame(frame: Frame): void {
    const { segmenter, uploader, onFrame } = this.#options;
    for (const step of segmenter.push(frame)) uploader.apply(step);
    onFrame(frame);
  }

  jump(by: Ticks): void {
    this.#options.onJump(by);
  }

  /** No more frames come. */
  end(): void {
    const { segmenter, uploader } = this.#options;
    for (const step of segmenter.end()) uploader.apply(step);
  }
}

export interface TrackWriterOptions {
  readonly segmenter: Segmenter;
  readonly uploader: Uploader;
  readonly onRendition: (rendition: Rendition) => void;
  readonly onFrame: (frame: Frame) => void;
  /** Times go on elsewhere, where what was sent before does not lead. */
  readonly onJump: (by: Ticks) => void;
}
