import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.ts';
import { fragment, segmentHeader } from '../cmaf/fragment.ts';
import type { Step } from '../cmaf/segmenter.ts';
import { segmentNumber, type RepresentationId, type SegmentNumber, type StreamName } from '../../protocol/names.ts';
import { milliseconds, millisecondsOfSeconds, seconds, secondsOfTicks, type Seconds } from '../../protocol/units.ts';
import { segmentStart } from '../../protocol/epoch.ts';
import { mediaUrl, type Edge } from './edge.ts';
import { segmentEnding } from './ending.ts';
import { retract } from './retract.ts';
import { putSegment, type PutOutcome } from './put.ts';
import { SegmentBody } from './segment-body.ts';

/** How much longer than the time-shift window a segment may take: the edge's clock, and its own grace. */
const GRACE = milliseconds(2000);

/** How far back the first run of an agent says that there is nothing. */
const UNKNOWN_PAST_SECONDS = 5;

/** How long after its window an edge may still know that a segment was there. */
const FORGOTTEN_AFTER_SECONDS = 60;

/** Carries out what the segmenter of one representation decides: a PUT per segment, written fragment by fragment. */
export class Uploader {
  readonly #options: UploaderOptions;
  /** Segments that the edge has not acknowledged, oldest first. */
  readonly #owed = new Map<SegmentNumber, SegmentBody>();
  /** PUTs under way. */
  readonly #puts = new Set<Promise<void>>();
  readonly #ending: Uint8Array;
  #hasBegun = false;
  #sequenceNumber = 0;
  #due: SegmentNumber | undefined;
  /** Numbers that were told before this machine's clock was set back, each until it is taken back. */
  #retracted: ReadonlyMap<SegmentNumber, Promise<void>> = new Map();

  constructor(options: UploaderOptions) {
    this.#options = options;
    // Each PUT under way listens to it, and in an outage there are as many as the time-shift window has segments.
    setMaxListeners(0, options.signal);
    this.#due = options.due;
    this.#ending = segmentEnding(options.writer);
  }

  /** The first number that has not been told whole: where the next run of the encoder has to go on. */
  get due(): SegmentNumber | undefined {
    return this.#due;
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'open':
        if (!this.#hasBegun) this.#bridge(step.number);
        this.#hasBegun = true;
        this.#append(this.#open(step.number, step.keyframe), segmentHeader());
        return;
      case 'fragment': {
        this.#sequenceNumber += 1;
        const body = this.#owed.get(step.number);
        if (body === undefined) return;
        this.#append(body, fragment({ sequenceNumber: this.#sequenceNumber, frames: step.samples }));
        return;
      }
      case 'close':
        this.#end(this.#owed.get(step.number));
        this.#due = segmentNumber(step.number + 1);
        return;
      case 'skip':
        this.#skip(step.from, step.to);
        return;
      case 'drop':
        return;
    }
  }

  /**
   * No more comes: what is not finished breaks off, so that whoever goes on, were it this one again, can do so within the same
   * segment. Resolves when all else is delivered or given up.
   */
  async stop(reason: string): Promise<void> {
    for (const body of this.#owed.values()) body.abort(reason);
    await Promise.all(this.#puts);
  }

  #open(number: SegmentNumber, keyframe?: SegmentNumber): SegmentBody {
    const body = new SegmentBody();
    this.#owed.set(number, body);
    this.#options.edge.backlog.add(body);
    const put = this.#put(number, body, keyframe).finally(() => this.#puts.delete(put));
    this.#puts.add(put);
    return body;
  }

  #append(body: SegmentBody, piece: Uint8Array): void {
    this.#options.edge.backlog.append(body, piece);
  }

  #end(body: SegmentBody | undefined): void {
    if (body === undefined) return;
    this.#append(body, this.#ending);
    body.end();
  }

  async #put(number: SegmentNumber, body: SegmentBody, keyframe: SegmentNumber | undefined): Promise<void> {
    const { edge, stream, representation, segmentDuration, timeShift, writer, clock, signal } = this.#options;
    const end = secondsOfTicks(segmentStart(number, segmentDuration)) + segmentDuration;
    await this.#retracted.get(number);
    const outcome = await putSegment({
      edge,
      url: mediaUrl(edge, stream, { kind: 'segment', representation, number }),
      body,
      writer,
      keyframe,
      ending: this.#ending,
      end: millisecondsOfSeconds(seconds(end)),
      life: milliseconds(millisecondsOfSeconds(timeShift) + GRACE),
      clock,
      onRetry: (detail) => this.#options.onRetry(number, detail),
      signal,
    });
    edge.backlog.settle(body);
    if (this.#owed.get(number) === body) this.#owed.delete(number);
    this.#options.onOutcome(number, outcome);
  }

  /**
   * What the run before left out or left unfinished, up to the first segment of this one. Of a run of another agent, or
   * of none, nothing is known: then what a player may still be waiting for. The edge keeps what is complete.
   *
   * Where the clock was set back meanwhile, what the run before has told of this time is taken back, and of what was before it
   * nothing is known.
   */
  #bridge(first: SegmentNumber): void {
    const lookBack = Math.ceil(UNKNOWN_PAST_SECONDS / this.#options.segmentDuration);
    const due = this.#due;
    const setBack = due !== undefined && due > first;
    if (setBack) this.#retract(first, due);
    const from = setBack || due === undefined ? segmentNumber(first - lookBack) : due;
    if (from < first) this.#skip(from, segmentNumber(first - 1));
    this.#due = first;
  }

  /** @param end the first number that was not told; what is told again only after so long the edge has forgotten by then */
  #retract(first: SegmentNumber, end: SegmentNumber): void {
    const { segmentDuration, timeShift } = this.#options;
    if ((end - first) * segmentDuration > timeShift + FORGOTTEN_AFTER_SECONDS) return;
    const told = Array.from({ length: end - first }, (_, index) => segmentNumber(first + index));
    this.#retracted = retract(told, this.#options);
  }

  /**
   * Numbers that the camera's hiccup left out are told as segments without media: a player that waits for one of them
   * goes on at once to the next.
   */
  #skip(from: SegmentNumber, to: SegmentNumber): void {
    const { segmentDuration, timeShift } = this.#options;
    const first = Math.max(from, to - Math.floor(timeShift / segmentDuration));
    for (let number = first; number <= to; number += 1) {
      const body = this.#open(segmentNumber(number));
      this.#append(body, segmentHeader());
      this.#end(body);
    }
    this.#due = segmentNumber(to + 1);
  }
}

export interface UploaderOptions {
  readonly edge: Edge;
  readonly stream: StreamName;
  readonly representation: RepresentationId;
  readonly segmentDuration: Seconds;
  readonly timeShift: Seconds;
  /** Where the run of the encoder before this one left off. */
  readonly due: SegmentNumber | undefined;
  /** Names this run of this encoder. */
  readonly writer: string;
  readonly clock: Clock;
  readonly onOutcome: (number: SegmentNumber, outcome: PutOutcome) => void;
  /** An attempt has failed, and another one follows. */
  readonly onRetry: (number: SegmentNumber, detail: string) => void;
  readonly signal: AbortSignal;
}
