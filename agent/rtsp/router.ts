import type { Clock } from '../clock.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import type { Channels } from './resync.ts';
import type { Pair } from './transport.ts';

/** Takes the packets of one track as they come. */
export interface PacketSink {
  /** @param packet must not be written to afterwards */
  readonly rtp: (packet: Uint8Array) => void;
  readonly rtcp: (packet: Uint8Array) => void;
}

/** Where a channel leads. */
export interface Way {
  readonly sink: PacketSink;
  readonly payloadType: number;
}

/** Leads packets to their tracks, by the channels that cameras name; those on channels that nobody set up lead nowhere. */
export class PacketRouter {
  readonly #clock: Clock;
  readonly #ways = new Map<number, Way>();
  /** When the newest packet of a track came; undefined while there was none. */
  #heard: Milliseconds | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly channels: Channels = { payloadType: (channel) => this.#ways.get(channel)?.payloadType };

  get heard(): Milliseconds | undefined {
    return this.#heard;
  }

  connect({ rtp, rtcp }: Pair, way: Way): void {
    this.#ways.set(rtp, way);
    this.#ways.set(rtcp, way);
  }

  disconnect(way: Way): void {
    for (const [channel, other] of this.#ways) if (other === way) this.#ways.delete(channel);
  }

  /** A packet on a channel of the connection. */
  route(channel: number, packet: Uint8Array): void {
    const way = this.#ways.get(channel);
    if (way !== undefined) this.deliver(way.sink, packet);
  }

  /**
   * A packet of a track. Which of the two kinds it is it says itself: some cameras send both on one channel.
   *
   * «[An] RTP payload type and an RTCP packet type […] can be distinguished» (RFC 5761, 4).
   */
  deliver(sink: PacketSink, packet: Uint8Array): void {
    const type = packet[1] ?? 0;
    if (type >= 192 && type <= 223) {
      sink.rtcp(packet);
      return;
    }
    this.#heard = this.#clock.monotonic();
    sink.rtp(packet);
  }
}
