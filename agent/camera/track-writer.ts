import { initSegment } from '../cmaf/init.ts';
import { TimestampJump, type Segmenter } from '../cmaf/segmenter.ts';
import { messageOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import type { Frame } from '../media/frame.ts';
import type { FrameSink, OnDemand } from '../media/source.ts';
import type { TrackConfig } from '../media/track.ts';
import type { Uploader } from '../upload/uploader.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import type { Ticks } from '../../protocol/units.ts';
import { StreamFacts, type Facts } from './stream-facts.ts';

/** What the edge has to know of a track before its first segment. */
export interface Rendition {
  readonly config: TrackConfig;
  /** Its init segment. */
  readonly init: Uint8Array;
  /** Of the camera's own stream. */
  readonly facts?: Facts;
}

/**
 * The way of one track's frames into segments, and on to the edge. What is encoded anew with the same parameter sets goes on in
 * the segment that is under way; with others it begins one of its own.
 */
export class TrackWriter implements FrameSink {
  readonly #options: TrackWriterOptions;
  readonly onDemand: OnDemand | undefined;
  #segmenter: Segmenter;
  #uploader: Uploader;
  #rendition: Rendition | undefined;
  #facts: StreamFacts | undefined;
  /** Uploads of what came before the parameter sets changed, or a pause. */
  readonly #before = new Set<Promise<void>>();

  constructor(options: TrackWriterOptions) {
    this.#options = options;
    const { isWanted } = options;
    this.onDemand = isWanted === undefined ? undefined : { isWanted, pause: () => this.#pause() };
    this.#segmenter = options.segmenter();
    this.#uploader = options.uploader(options.due);
  }

  /** Where the next run has to go on. */
  get due(): SegmentNumber | undefined {
    return this.#uploader.due;
  }

  config(config: TrackConfig): void {
    this.#guarded(() => {
      const { config: before, facts } = this.#rendition ?? {};
      if (before !== undefined && isSame(before.record, config.record)) return;
      const rendition = { config, init: initSegment(config) };
      if (!this.#options.copied) {
        if (before !== undefined) this.#beginAnew(this.#uploader.due);
        this.#tell(rendition);
      } else if (before !== undefined && facts !== undefined && isAlike(before, config)) {
        this.#tell({ ...rendition, facts });
      } else {
        this.#rendition = rendition;
        this.#facts = new StreamFacts(config);
      }
    });
  }

  frame(frame: Frame): void {
    this.#guarded(() => {
      for (const step of this.#segmenter.push(frame)) this.#uploader.apply(step);
      const facts = this.#facts?.push(frame);
      if (facts !== undefined && this.#rendition !== undefined) this.#tell({ ...this.#rendition, facts });
      this.#options.onFrame(frame);
    });
  }

  jump(by: Ticks): void {
    this.#options.onJump(by);
  }

  /** No more frames come. Resolves when nothing is owed to the edge any more. */
  async stop(): Promise<void> {
    this.#end();
    await Promise.all(this.#before);
  }

  #tell(rendition: Rendition): void {
    this.#rendition = rendition;
    this.#options.onRendition(rendition);
  }

  #pause(): void {
    // Whom nobody watches has nobody waiting for what is left out.
    this.#guarded(() => this.#beginAnew(undefined));
  }

  /** @param due where it has to go on */
  #beginAnew(due: SegmentNumber | undefined): void {
    this.#end();
    this.#segmenter = this.#options.segmenter();
    this.#uploader = this.#options.uploader(due);
  }

  #end(): void {
    for (const step of this.#segmenter.end()) this.#uploader.apply(step);
    const ended = this.#uploader.stop('the encoder ended').finally(() => this.#before.delete(ended));
    this.#before.add(ended);
  }

  /** Whoever hands on frames is not to fail of them. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const kind = error instanceof TimestampJump ? 'clock' : 'encoder';
      this.#options.onFailure({ kind, message: `what came of it can't be used: ${messageOf(error)}` });
    }
  }
}

export interface TrackWriterOptions {
  /** The camera's own stream. */
  readonly copied: boolean;
  /** Of one that is made only while somebody wants it. */
  readonly isWanted: (() => boolean) | undefined;
  readonly segmenter: () => Segmenter;
  readonly uploader: (due: SegmentNumber | undefined) => Uploader;
  /** Where the run before left off. */
  readonly due: SegmentNumber | undefined;
  readonly onRendition: (rendition: Rendition) => void;
  readonly onFrame: (frame: Frame) => void;
  /** Times go on elsewhere, where what was sent before does not lead. */
  readonly onJump: (by: Ticks) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** Whether a manifest says the same of them. */
const isAlike = (a: TrackConfig, b: TrackConfig): boolean =>
  a.codecs === b.codecs && a.width === b.width && a.height === b.height;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
