import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink } from '../media/source.ts';
import type { MediaFormat } from './format.ts';
import { parseRtpPacket } from './packet.ts';
import { ReorderedPackets } from './reorder.ts';
import { Sender } from './sender.ts';
import { OrderedPackets, type PacketOrder } from './sequence.ts';
import { VideoTrack } from './video-track.ts';
import { milliseconds } from '../../protocol/units.ts';

export interface RtpReceiverOptions {
  readonly format: MediaFormat;
  /** Whether packets come in the order they were sent in (interleaved in TCP), or as the network has it (UDP). */
  readonly transport: 'ordered' | 'datagrams';
  readonly clock: Clock;
  /** Called while a packet is taken in. */
  readonly sink: FrameSink;
  /** What it sends can't be used this way, and won't: told once, whatever comes after. */
  readonly failed: (failure: Failure) => void;
  readonly log: Logger;
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
export class RtpReceiver {
  readonly #options: RtpReceiverOptions;
  readonly #sender = new Sender();
  readonly #order: PacketOrder;
  readonly #counts = { packets: 0, strangers: 0, frames: 0, leftOut: 0 };
  #now = milliseconds(0);

  constructor(options: RtpReceiverOptions) {
    this.#options = options;
    const track = new VideoTrack(options, this.#counts);
    const Order = options.transport === 'ordered' ? OrderedPackets : ReorderedPackets;
    this.#order = new Order((packet, gap) => track.packet(packet, gap, this.#now));
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

  /** @param _bytes a compound packet of RTCP (RFC 3550, 6.1) */
  rtcp(_bytes: Uint8Array): void {}
}
