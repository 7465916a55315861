import type { RtpPacket } from './packet.ts';
import { distance, RESTART_AFTER, type PacketOrder, type PacketSink } from './sequence.ts';

/** Packets that wait for one that is missing; with more it is given up. */
const CAPACITY = 64;
/** No packet waits longer: what a network reorders comes within a few milliseconds. */
const PATIENCE_MS = 100;
const MAX_MISSING = 3000;

/**
 * For datagrams, which may come in any order, doubled, or not at all.
 *
 *     in order ──the next one────────────────────▶ in order   handed on
 *     in order ──one further on──────────────────▶ waiting    kept
 *     waiting  ──the missing one─────────────────▶ …          it, and all that follow it, are handed on
 *     waiting  ──64 kept, or one for 100 ms──────▶ …          the missing ones are lost; the first kept one is the next
 *     either   ──one that has been there, or whose time is over: dropped; 64 of them in a row: the sender starts anew
 *     either   ──one that is thousands further on: the sender starts anew
 */
export class ReorderedPackets implements PacketOrder {
  readonly #sink: PacketSink;
  /** By their numbers, with when they came; in the order in which they came. */
  readonly #kept = new Map<number, { readonly packet: RtpPacket; readonly at: number }>();
  #next: number | undefined;
  #gap = false;
  #lost = 0;
  #old = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  get lost(): number {
    return this.#lost;
  }

  push(packet: RtpPacket, now: number): void {
    this.#next ??= packet.sequence;
    const ahead = distance(this.#next, packet.sequence);
    if (ahead < 0 && ++this.#old < RESTART_AFTER) return;
    this.#old = 0;
    if (ahead < 0 || ahead > MAX_MISSING) {
      this.restart();
      this.#handOn(packet);
    } else if (ahead === 0) {
      this.#handOn(packet);
      this.#handOnKept();
    } else if (!this.#kept.has(packet.sequence)) {
      this.#kept.set(packet.sequence, { packet, at: now });
    }
    while (this.#kept.size > 0 && this.#isOver(now)) this.#giveUp();
  }

  restart(): void {
    while (this.#kept.size > 0) this.#giveUp();
    this.#gap = this.#next !== undefined;
    this.#next = undefined;
    this.#old = 0;
  }

  #isOver(now: number): boolean {
    return this.#kept.size >= CAPACITY || this.#kept.values().some(({ at }) => now - at > PATIENCE_MS);
  }

  /** What is missing before the first of the kept packets won't come. */
  #giveUp(): void {
    const next = this.#next ?? 0;
    let missing = Infinity;
    for (const sequence of this.#kept.keys()) missing = Math.min(missing, distance(next, sequence));
    this.#lost += missing;
    this.#next = (next + missing) & 0xffff;
    this.#gap = true;
    this.#handOnKept();
  }

  #handOnKept(): void {
    for (let kept = this.#kept.get(this.#next ?? -1); kept !== undefined; kept = this.#kept.get(this.#next ?? -1)) {
      this.#kept.delete(kept.packet.sequence);
      this.#handOn(kept.packet);
    }
  }

  #handOn(packet: RtpPacket): void {
    const gap = this.#gap;
    this.#gap = false;
    this.#next = (packet.sequence + 1) & 0xffff;
    this.#sink(packet, gap);
  }
}
