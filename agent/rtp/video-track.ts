import { ParameterSetError } from '../cmaf/parameter-set.ts';
import type { VideoConfig } from '../media/track.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import { AccessUnits, type AccessUnit } from './access-units.ts';
import { FrameTimes } from './frame-times.ts';
import { H264 } from './h264.ts';
import { H265 } from './h265.ts';
import type { NalFormat } from './nal-format.ts';
import { LENGTH_BYTES, type NalUnit } from './nal-unit.ts';
import { NalUnits } from './nal-units.ts';
import type { RtpPacket } from './packet.ts';
import { ParameterSets } from './parameter-sets.ts';
import type { SenderReport } from './sender-report.ts';
import type { Track, TrackCounts, TrackOptions } from './track.ts';

/** Without one for so long there is no use in waiting: cameras with longer intervals send one when they are asked to play. */
const KEYFRAME_PATIENCE_MS = 30_000;
/** New ones between two keyframes: a stream has a few, seldom a dozen. */
const MAX_NEW_SETS = 32;
/** What goes on is told so often. */
const TELL_EVERY_MS = 10_000;

/**
 * Frames of H.264 and H.265, made of packets in their order, and handed on as far as they can be decoded.
 *
 *     waiting ──keyframe, or a recovery point where there are none──▶ whole
 *     whole   ──frame──────────────────────────────────────────────▶ whole     handed on
 *     whole   ──loss, or an incomplete frame that others need──────▶ broken
 *     broken  ──frame──────────────────────────────────────────────▶ broken    left out, counted
 *     broken  ──keyframe, or a recovery point──────────────────────▶ whole
 */
export class VideoTrack implements Track {
  readonly #options: TrackOptions<VideoConfig>;
  readonly #format: NalFormat;
  readonly #sets: ParameterSets;
  readonly #units: NalUnits;
  readonly #frames: AccessUnits;
  readonly #times: FrameTimes;
  readonly #counts: TrackCounts;
  #state: 'waiting' | 'whole' | 'broken' = 'waiting';
  /** Since when it isn't whole, by the first frame. */
  #since: Milliseconds | undefined;
  #config: VideoConfig | undefined;
  /** Parameter sets that the configuration does not have yet. */
  #newSets: NalUnit[] = [];
  /** Whether frames that refer to what was before the last keyframe can't be decoded. */
  #skips = false;
  #failed = false;
  #told = -Infinity;
  #losses = 0;

  constructor(options: TrackOptions<VideoConfig>, counts: TrackCounts) {
    this.#options = options;
    this.#counts = counts;
    this.#format = options.format.codec === 'h265' ? H265 : H264;
    this.#sets = new ParameterSets(options.format);
    this.#times = new FrameTimes(options.clock, options.format.clockRate);
    this.#frames = new AccessUnits(this.#format, {
      parameters: (unit) => this.#parameters(unit),
      frame: (frame) => this.#frame(frame),
      incomplete: (alone) => this.#incomplete(alone),
    });
    this.#units = new NalUnits({
      unit: (unit) => this.#frames.unit(unit),
      damaged: () => this.#frames.damaged(),
    });
  }

  /** @param gap whether packets before this one were lost @param now of the clock's monotonic time */
  packet(packet: RtpPacket, gap: boolean, now: Milliseconds): void {
    const { payload, timestamp } = packet;
    if (gap) {
      this.#units.abandon();
      if (!this.#frames.gap(timestamp)) this.#lose(now);
    }
    if (this.#units.open && this.#format.goesOn(payload)) {
      this.#frames.goesOn(now);
    } else {
      // A unit whose end was not told ends where another one begins.
      this.#units.end();
      this.#frames.packet(timestamp, now);
    }
    this.#format.depacketize(payload, this.#units);
    if (packet.marker && !this.#units.open) this.#frames.marker();
  }

  report(report: SenderReport): void {
    const { sender } = this.#options;
    if (sender !== undefined) this.#times.report(report, sender, 'measure');
  }

  #parameters(unit: NalUnit): void {
    if (this.#sets.add(unit.copy()) && this.#newSets.length < MAX_NEW_SETS) this.#newSets.push(unit);
    try {
      this.#frames.interlaced = this.#sets.current()?.interlaced ?? false;
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error; // told with the frame that needs them
    }
  }

  #frame(frame: AccessUnit): void {
    const begins = frame.key || (this.#state !== 'whole' && frame.units.some(this.#format.isRecoveryPoint));
    if (this.#state !== 'whole' && !begins) return this.#leaveOut(frame.arrival);
    // Told a second time, a frame is whole; but what was decoded of it the first time stays, unless decoding begins anew.
    if (frame.again && !frame.key) return this.#incomplete(frame.disposable);
    if (frame.key) this.#skips = frame.open && this.#state !== 'whole';
    else if (!frame.skipped) this.#skips = false;
    if (this.#skips && frame.skipped) return this.#leaveOut(frame.arrival);
    if ((frame.key || this.#config === undefined) && !this.#configure(frame)) return this.#leaveOut(frame.arrival);
    const again = frame.again && this.#state === 'whole';
    const { time, compositionOffset, jump } = again
      ? this.#times.again()
      : this.#times.next(frame.timestamp, frame.arrival);
    this.#state = 'whole';
    this.#since = undefined;
    this.#counts.frames += 1;
    if (jump !== 0) this.#options.sink.jump(jump);
    const data: Uint8Array[] = [];
    let size = 0;
    for (const unit of this.#withNewSets(frame)) {
      data.push(...unit.data);
      size += LENGTH_BYTES + unit.size;
    }
    this.#options.sink.frame({ time, compositionOffset, keyframe: frame.key, data, size });
  }

  /**
   * In mid-GOP a new configuration would cost viewers all frames until the next keyframe: a decoder takes what is new from
   * the frame as well.
   */
  #withNewSets({ units }: AccessUnit): readonly NalUnit[] {
    if (this.#newSets.length === 0) return units;
    const sets = this.#newSets;
    this.#newSets = [];
    const picture = units.findIndex((unit) => this.#format.kindOf(unit).role === 'slice');
    return units.toSpliced(picture, 0, ...sets);
  }

  /** Tells what has changed. @returns whether frames can be decoded with what is known */
  #configure({ units }: AccessUnit): boolean {
    try {
      const slice = units.find((unit) => this.#format.kindOf(unit).role === 'slice');
      if (slice !== undefined) this.#sets.use(slice);
      const parameters = this.#sets.current();
      if (parameters === undefined) return false;
      if (parameters.config !== this.#config) {
        this.#config = parameters.config;
        this.#times.configure(parameters.reordered);
        this.#options.sink.config(parameters.config);
      }
      this.#newSets = [];
      return true;
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error;
      this.#fail(`the camera's video can't be used: ${error.message}`);
      return false;
    }
  }

  #incomplete(alone: boolean): void {
    if (this.#state !== 'waiting') this.#counts.leftOut += 1;
    if (!alone) this.#lose(this.#options.clock.monotonic());
  }

  #leaveOut(now: Milliseconds): void {
    if (this.#state !== 'waiting') this.#counts.leftOut += 1;
    this.#since ??= now;
    if (now - this.#since < KEYFRAME_PATIENCE_MS) return;
    const seconds = KEYFRAME_PATIENCE_MS / 1000;
    this.#fail(
      `the camera has sent nothing for ${seconds} s that decoding can begin with: set its keyframe interval (GOP) to a few seconds`,
    );
  }

  #lose(now: Milliseconds): void {
    if (this.#state !== 'whole') return;
    this.#state = 'broken';
    this.#losses += 1;
    if (now - this.#told < TELL_EVERY_MS) return;
    this.#told = now;
    const times = this.#losses === 1 ? '' : ` (${this.#losses} times since it was last said)`;
    this.#losses = 0;
    this.#options.log.warn(`packets of the camera's video were lost: no picture until the next keyframe${times}`);
  }

  #fail(message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.failed({ kind: 'unusable', message });
  }
}
