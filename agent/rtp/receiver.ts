import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink } from '../media/source.ts';
import type { MediaFormat } from './format.ts';
import { parseRtpPacket } from './packet.ts';

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
  readonly #counts = { packets: 0, lost: 0, strangers: 0, frames: 0, leftOut: 0 };

  constructor(options: RtpReceiverOptions) {
    this.#options = options;
  }

  get counts(): ReceiverCounts {
    return this.#counts;
  }

  /** @param packet must not be written to afterwards: frames hold slices of it */
  rtp(packet: Uint8Array): void {
    const parsed = parseRtpPacket(packet);
    if (parsed === undefined || parsed.payloadType !== this.#options.format.payloadType) {
      this.#counts.strangers += 1;
      return;
    }
    this.#counts.packets += 1;
  }

  /** @param _packet a compound packet of RTCP (RFC 3550, 6.1) */
  rtcp(_packet: Uint8Array): void {}
}
