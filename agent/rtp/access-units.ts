import type { NalFormat, NalKind } from './nal-format.ts';
import type { NalUnit } from './nal-unit.ts';
import { MAX_FRAME_BYTES, MAX_FRAME_PIECES } from './nal-units.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** A frame's NAL units, in the order in which they came. */
export interface AccessUnit {
  /** RTP's. */
  readonly timestamp: number;
  /** When the last of it came, by a monotonic clock. */
  readonly arrival: Milliseconds;
  readonly units: readonly NalUnit[];
  readonly key: boolean;
  readonly disposable: boolean;
  readonly skipped: boolean;
  readonly open: boolean;
  /** The one before, which was taken for whole and was not, but for what is new in this one. */
  readonly again: boolean;
}

export interface AccessUnitSink {
  readonly parameters: (unit: NalUnit) => void;
  readonly frame: (frame: AccessUnit) => void;
  /** A frame of which something is missing. `alone`: no other depends on it. */
  readonly incomplete: (alone: boolean) => void;
}

type Building = { -readonly [Key in keyof AccessUnit]: AccessUnit[Key] } & { units: NalUnit[] };

/**
 * Tells where a frame ends (ITU-T H.264, 7.4.1.2.3; H.265, 7.4.2.4.4). The NAL units say it themselves: a picture's first
 * slice, or what may not stand behind a picture, begins the next frame. But that is known only when it is there, so RTP's
 * hints count as well: the marker on the last packet, and a new timestamp on the next.
 *
 *     empty   ──what may stand before a picture─────────────────────────▶ empty     kept for its frame
 *     empty   ──first slice─────────────────────────────────────────────▶ picture
 *     empty   ──another slice, of the frame a marker ended──────────────▶ picture   that one again: markers lie from now on
 *     empty   ──another slice otherwise, or part of one─────────────────▶ damaged
 *     picture ──slice, or what may stand behind─────────────────────────▶ picture
 *     picture ──what should stand before one────────────────────────────▶ picture   held: the next slice says whose it is
 *     picture ──loss with the same timestamp before and after it────────▶ damaged
 *     picture ──marker, while they can be believed──────────────────────▶ empty     frame
 *     picture, damaged ──new timestamp, first slice─────────────────────▶ as empty  frame, or incomplete
 *
 * Markers on parameter sets end nothing, and the timestamp that counts is the picture's: cameras mark each packet of a
 * keyframe's beginning, or send it with the time of the frame before. With fields instead of frames (interlaced) a second
 * first slice of the same time belongs to the frame.
 */
export class AccessUnits {
  readonly #format: NalFormat;
  readonly #sink: AccessUnitSink;
  #current = empty();
  #size = 0;
  #pieces = 0;
  #picture = false;
  #damaged = false;
  /** What came behind a slice and stands in front of another one: of this picture, or of the next. */
  #between: NalUnit[] = [];
  /** Ended by its marker, and nothing of another frame since. */
  #ended: Building | undefined;
  #believesMarkers = true;
  #timestamp = 0;
  #arrival = milliseconds(0);
  /** Whether a picture may be a field. */
  interlaced = false;

  constructor(format: NalFormat, sink: AccessUnitSink) {
    this.#format = format;
    this.#sink = sink;
  }

  /** A packet that begins with a unit is to be taken apart. @param arrival by a monotonic clock */
  packet(timestamp: number, arrival: Milliseconds): void {
    if ((this.#picture || this.#damaged) && timestamp !== this.#current.timestamp) this.#end();
    this.#timestamp = timestamp;
    this.#arrival = arrival;
  }

  /** A packet that goes on with a unit is to be taken apart. */
  goesOn(arrival: Milliseconds): void {
    this.#arrival = arrival;
  }

  unit(unit: NalUnit): void {
    const kind = this.#format.kindOf(unit);
    if (unit.size <= this.#format.headerBytes || (unit.byte(0) & FORBIDDEN) !== 0) return;
    switch (kind.role) {
      case 'none':
        return;
      case 'parameters':
      case 'before':
        if (this.#picture) this.#hold(unit);
        else this.#take(unit, kind);
        return;
      case 'after':
        // The picture may have been ended by a marker: it is gone.
        if (!this.#picture) return;
        break;
      case 'slice':
        this.#slice(unit);
        this.#current.key ||= kind.key;
        this.#current.open ||= kind.open;
        this.#current.disposable &&= kind.disposable;
        this.#current.skipped ||= kind.skipped;
        break;
    }
    this.#add(unit);
  }

  /** The packet was marked. */
  marker(): void {
    if (!(this.#picture || this.#damaged) || !this.#believesMarkers) return;
    const ended = this.#damaged ? undefined : this.#current;
    this.#end();
    this.#ended = ended;
  }

  /** Packets were lost before one of this timestamp. @returns whether that is only a loss to a frame that stands alone */
  gap(timestamp: number): boolean {
    this.#ended = undefined;
    if (!this.#picture) {
      if (this.#damaged) this.#end();
      this.#clear();
      return false;
    }
    this.#damaged = true;
    return this.#current.disposable && timestamp === this.#current.timestamp;
  }

  /** A unit of the current frame can't be told. */
  damaged(): void {
    this.#ended = undefined;
    this.#damaged = true;
    this.#current.timestamp = this.#timestamp;
    // Of what kind it was is unknown.
    this.#current.disposable = false;
  }

  #slice(unit: NalUnit): void {
    const first = this.#format.beginsPicture(unit);
    const sameTime = this.#timestamp === this.#current.timestamp;
    if (this.#picture && first && !(this.interlaced && sameTime)) this.#end();
    this.#release();
    if (this.#picture) return;
    const { units } = this.#current;
    if (units.length === 0 && this.#ended?.timestamp === this.#timestamp && (!first || this.interlaced)) {
      this.#reopen(this.#ended);
      return;
    }
    // What was damaged before a picture's first slice was something else.
    this.#damaged = !first || (this.#damaged && this.interlaced && sameTime);
    this.#ended = undefined;
    this.#picture = true;
    this.#current.disposable = true;
  }

  /** There is more of a frame whose end was marked. */
  #reopen(frame: Building): void {
    this.#believesMarkers = false;
    this.#ended = undefined;
    this.#current = { ...frame, units: [...frame.units], again: true };
    for (const unit of frame.units) this.#measure(unit);
    this.#picture = true;
  }

  #add(unit: NalUnit): void {
    this.#measure(unit);
    if (this.#isTooLarge()) {
      // No more of it is kept.
      this.#current.units = [];
      this.#damaged = true;
      this.#picture = true;
      this.#current.disposable = false;
    } else {
      this.#current.units.push(unit);
    }
    this.#current.timestamp = this.#timestamp;
    this.#current.arrival = this.#arrival;
  }

  #measure(unit: NalUnit): void {
    this.#size += unit.size;
    this.#pieces += unit.data.length;
  }

  #isTooLarge(): boolean {
    return this.#size > MAX_FRAME_BYTES || this.#pieces > MAX_FRAME_PIECES;
  }

  #end(): void {
    const frame = this.#current;
    const damaged = this.#damaged;
    this.#clear();
    if (damaged) this.#sink.incomplete(frame.disposable);
    else this.#sink.frame(frame);
    this.#release();
  }

  /** Parameter sets are told, all else is part of the frame. */
  #take(unit: NalUnit, kind: NalKind): void {
    if (kind.role === 'parameters') this.#sink.parameters(unit);
    else this.#add(unit);
  }

  /** GStreamer, for one, repeats parameter sets in front of each slice of a keyframe. */
  #hold(unit: NalUnit): void {
    this.#measure(unit);
    if (this.#isTooLarge()) this.#between = [];
    else this.#between.push(unit);
  }

  #release(): void {
    const units = this.#between;
    this.#between = [];
    for (const unit of units) this.#take(unit, this.#format.kindOf(unit));
  }

  #clear(): void {
    this.#current = empty();
    this.#size = 0;
    this.#pieces = 0;
    this.#picture = false;
    this.#damaged = false;
  }
}

/** `forbidden_zero_bit`, the first of both codecs' headers: what has it set is no unit. */
const FORBIDDEN = 0x80;

const empty = (): Building => ({
  ...{ timestamp: 0, arrival: milliseconds(0), units: [], again: false },
  ...{ key: false, open: false, disposable: false, skipped: false },
});
