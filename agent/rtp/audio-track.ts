import { ParameterSetError } from '../cmaf/parameter-set.ts';
import type { AudioConfig } from '../media/track.ts';
import { ticks, type Milliseconds } from '../../protocol/units.ts';
import { aacFormat, aacUnits, type AacFormat, type AacUnit } from './aac.ts';
import { FrameTimes } from './frame-times.ts';
import type { MediaFormat } from './format.ts';
import type { RtpPacket } from './packet.ts';
import type { SenderReport } from './sender-report.ts';
import type { Track, TrackCounts, TrackOptions } from './track.ts';

/** A frame of AAC has 6,144 bits a channel at most (ISO/IEC 14496-3, 4.5.3.1). */
const MAX_AAC_BYTES = 8 * 768;

/** A frame of AAC that comes in several packets. */
interface Part {
  readonly timestamp: number;
  readonly size: number;
  readonly pieces: Uint8Array[];
  missing: number;
}

/**
 * Frames of sound: AAC (RFC 3640), Opus (RFC 7587), G.711 (RFC 3551, 4.5.14). Each can be decoded by itself: what is lost
 * is lost alone.
 */
export class AudioTrack implements Track {
  readonly #options: TrackOptions<AudioConfig>;
  readonly #times: FrameTimes;
  readonly #counts: TrackCounts;
  readonly #aac: AacFormat | undefined;
  #config: AudioConfig | undefined;
  #part: Part | undefined;

  constructor(options: TrackOptions<AudioConfig>, counts: TrackCounts) {
    const { format, clock } = options;
    this.#options = options;
    this.#counts = counts;
    this.#times = new FrameTimes(clock, format.clockRate);
    this.#times.configure(0);
    try {
      if (format.codec === 'aac') this.#aac = aacFormat(format);
      this.#config = this.#aac?.config ?? plainConfig(format);
    } catch (error) {
      if (!(error instanceof ParameterSetError)) throw error;
      options.failed({ kind: 'unusable', message: `the camera's sound can't be used: ${error.message}` });
    }
  }

  packet({ payload, timestamp, marker }: RtpPacket, gap: boolean, now: Milliseconds): void {
    if (gap) this.#giveUp();
    if (payload.length === 0) return;
    if (this.#aac === undefined) return this.#frame(timestamp, now, [payload]);
    const units = aacUnits(payload, this.#aac);
    if (units === undefined) {
      this.#counts.leftOut += 1;
      return;
    }
    const [first] = units;
    if (units.length === 1 && first !== undefined && first.data.length < first.size) {
      return this.#goOn(first, { timestamp, marker, now });
    }
    this.#giveUp();
    for (const unit of units) {
      this.#frame((timestamp + unit.index * this.#aac.frameLength) >>> 0, now, [unit.data]);
    }
  }

  report(report: SenderReport): void {
    const { sender } = this.#options;
    if (sender !== undefined) this.#times.report(report, sender, 'other');
  }

  #goOn(unit: AacUnit, at: { readonly timestamp: number; readonly marker: boolean; readonly now: Milliseconds }): void {
    if (this.#part?.timestamp !== at.timestamp || this.#part.size !== unit.size) {
      this.#giveUp();
      this.#part = { timestamp: at.timestamp, size: unit.size, pieces: [], missing: unit.size };
    }
    const part = this.#part;
    part.pieces.push(unit.data);
    part.missing -= unit.data.length;
    if (part.missing < 0 || part.size > MAX_AAC_BYTES || (at.marker && part.missing > 0)) return this.#giveUp();
    if (part.missing > 0) return;
    this.#part = undefined;
    this.#frame(at.timestamp, at.now, part.pieces);
  }

  #giveUp(): void {
    if (this.#part !== undefined) this.#counts.leftOut += 1;
    this.#part = undefined;
  }

  #frame(timestamp: number, now: Milliseconds, data: readonly Uint8Array[]): void {
    const { sink } = this.#options;
    if (this.#config === undefined) return;
    if (this.#counts.frames === 0) sink.config(this.#config);
    const { time, jump } = this.#times.next(timestamp, now);
    if (jump !== 0) sink.jump(jump);
    this.#counts.frames += 1;
    const size = data.reduce((sum, piece) => sum + piece.length, 0);
    sink.frame({ time, compositionOffset: ticks(0), keyframe: true, data, size });
  }
}

/** Opus says nothing of its channels but in SDP; the rest follows from its name. */
function plainConfig({ codec, parameters, clockRate, channels }: MediaFormat): AudioConfig {
  switch (codec) {
    case 'opus': {
      // RFC 7587, 7: the rtpmap says 2 whatever is sent.
      const count = parameters.get('sprop-stereo') === '1' ? 2 : 1;
      const record = Uint8Array.of(0, count, 0, 0, 0, 0, 0xbb, 0x80, 0, 0, 0); // version, channels, no pre-skip, 48,000 Hz
      return { kind: 'audio', codec, record, codecs: 'opus', sampleRate: 48_000, channels: count };
    }
    case 'pcmu':
    case 'pcma': {
      const codecs = codec === 'pcmu' ? 'ulaw' : 'alaw';
      return { kind: 'audio', codec, record: new Uint8Array(), codecs, sampleRate: clockRate, channels };
    }
    default:
      throw new ParameterSetError(`expected aac, opus, pcmu or pcma, got ${codec}`);
  }
}
