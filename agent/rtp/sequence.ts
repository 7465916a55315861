import type { RtpPacket } from './packet.ts';

/** Hands on packets in the order they were sent in. `gap`: what was sent between this one and the one before is lost. */
export type PacketSink = (packet: RtpPacket, gap: boolean) => void;

/** Puts a sender's packets in order, or sees that they are. */
export interface PacketOrder {
  /** Packets that never came. */
  readonly lost: number;
  /** @param now of a monotonic clock, in milliseconds */
  readonly push: (packet: RtpPacket, now: number) => void;
  /** Another sender goes on: its numbers have nothing to do with those before. */
  readonly restart: () => void;
}

/** So many old packets in a row are no latecomers: the sender has started its numbers anew. */
export const RESTART_AFTER = 64;
/** More missing at once is no loss either (RFC 3550, A.1: MAX_DROPOUT). */
const MAX_MISSING = 3000;

/** How far `to` is from `from`, in numbers of 16 bits that start over: −32,768 to 32,767. */
export const distance = (from: number, to: number): number => ((to - from) << 16) >> 16;

/**
 * For transports that keep the order. What is missing was dropped by the camera itself; a number that has been there
 * already is a stranger's: some send a packet of another kind under the number of the one before.
 */
export class OrderedPackets implements PacketOrder {
  readonly #sink: PacketSink;
  #next: number | undefined;
  #restarted = false;
  #lost = 0;
  #old = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  get lost(): number {
    return this.#lost;
  }

  push(packet: RtpPacket): void {
    const missing = this.#next === undefined ? 0 : distance(this.#next, packet.sequence);
    if (missing < 0 && ++this.#old < RESTART_AFTER) return;
    this.#old = 0;
    if (missing > 0 && missing <= MAX_MISSING) this.#lost += missing;
    const gap = missing !== 0 || this.#restarted;
    this.#restarted = false;
    this.#next = (packet.sequence + 1) & 0xffff;
    this.#sink(packet, gap);
  }

  restart(): void {
    this.#restarted = this.#next !== undefined;
    this.#next = undefined;
    this.#old = 0;
  }
}
