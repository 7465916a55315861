import type { AudioConfig, VideoConfig } from '../media/track.ts';
import { milliseconds } from '../../protocol/units.ts';
import { AudioTrack } from './audio-track.ts';
import { parseRtpPacket } from './packet.ts';
import { ReorderedPackets } from './reorder.ts';
import { Sender } from './sender.ts';
import { senderReports } from './sender-report.ts';
import { OrderedPackets, type PacketOrder } from './sequence.ts';
import type { Track, TrackCounts, TrackOptions } from './track.ts';
import { VideoTrack } from './video-track.ts';

export interface ReceiverOptions<Config> extends TrackOptions<Config> {
  /** Whether packets come in the order they were sent in (interleaved in TCP), or as the network has it (UDP). */
  readonly transport: 'ordered' | 'datagrams';
}

/** Since the beginning. */
export interface ReceiverCounts {
  /** Taken for this track's. */
  readonly packets: number;
  /** Packets that never came, by the gaps in their numbers. */
  readonly lost: number;
  /** Packets that are none of this track's, or none at all. */
  readonly strangers: number;
  /** Handed on. */
  readonly frames: number;
  /** Frames left out because something of them was lost, or of what they depend on. */
  readonly leftOut: number;
}

/** Makes frames of one track's packets. It opens no socket and sets no timer: all it does it does as packets come. */
abstract class Receiver<Config> {
  readonly #options: ReceiverOptions<Config>;
  readonly #sender = new Sender();
  readonly #order: PacketOrder;
  readonly #track: Track;
  readonly #counts = { packets: 0, strangers: 0, frames: 0, leftOut: 0 };
  #now = milliseconds(0);

  constructor(options: ReceiverOptions<Config>, track: (counts: TrackCounts) => Track) {
    this.#options = options;
    this.#track = track(this.#counts);
    const Order = options.transport === 'ordered' ? OrderedPackets : ReorderedPackets;
    this.#order = new Order((packet, gap) => this.#track.packet(packet, gap, this.#now));
  }

  get counts(): ReceiverCounts {
    return { ...this.#counts, lost: this.#order.lost };
  }

  /** @param bytes must not be written to afterwards: frames hold slices of them */
  rtp(bytes: Uint8Array): void {
    const { format, clock } = this.#options;
    const packet = parseRtpPacket(bytes);
    if (packet === undefined || packet.payloadType !== format.payloadType) {
      this.#counts.strangers += 1;
      return;
    }
    this.#now = clock.monotonic();
    switch (this.#sender.hear(packet.source, this.#now)) {
      case 'stranger':
        this.#counts.strangers += 1;
        return;
      case 'new sender':
        this.#order.restart();
        break;
      case 'sender':
        break;
    }
    this.#counts.packets += 1;
    this.#order.push(packet, this.#now);
  }

  /** @param bytes a compound packet of RTCP (RFC 3550, 6.1) */
  rtcp(bytes: Uint8Array): void {
    if (this.#options.sender === undefined) return;
    for (const report of senderReports(bytes)) {
      if (report.source === this.#sender.source) this.#track.report(report);
    }
  }
}

export type RtpReceiverOptions = ReceiverOptions<VideoConfig>;

/** Of video, H.264 or H.265. */
export class RtpReceiver extends Receiver<VideoConfig> {
  constructor(options: RtpReceiverOptions) {
    super(options, (counts) => new VideoTrack(options, counts));
  }
}

/** Of sound: AAC, Opus, G.711. */
export class AudioReceiver extends Receiver<AudioConfig> {
  constructor(options: ReceiverOptions<AudioConfig>) {
    super(options, (counts) => new AudioTrack(options, counts));
  }
}
