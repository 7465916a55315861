/** Makes RTP packets of NAL units, as cameras do and as they should not. */

export interface Packet {
  readonly payload: Uint8Array;
  readonly timestamp: number;
  readonly marker?: boolean;
  /** As told, or one further than the packet before. */
  readonly sequence?: number;
  readonly payloadType?: number;
  readonly source?: number;
}

export const PAYLOAD_TYPE = 96;
export const SOURCE = 0x1234_5678;

/** Numbers packets and gives them their headers (RFC 3550, 5.1). */
export class Packetizer {
  #sequence: number;

  constructor(first = 65_530) {
    this.#sequence = first;
  }

  /** Leaves out numbers, as if packets were lost. */
  lose(count = 1): void {
    this.#sequence += count;
  }

  packet(packet: Packet): Uint8Array {
    const { payload, timestamp, marker = false, sequence = this.#sequence, payloadType = PAYLOAD_TYPE } = packet;
    if (packet.sequence === undefined) this.#sequence += 1;
    const bytes = Buffer.alloc(12 + payload.length);
    bytes[0] = 0x80;
    bytes[1] = (marker ? 0x80 : 0) | payloadType;
    bytes.writeUInt16BE(sequence & 0xffff, 2);
    bytes.writeUInt32BE(timestamp >>> 0, 4);
    bytes.writeUInt32BE(packet.source ?? SOURCE, 8);
    bytes.set(payload, 12);
    return new Uint8Array(bytes);
  }

  packets(payloads: readonly Uint8Array[], timestamp: number, marked: 'last' | 'each' | 'none' = 'last'): Uint8Array[] {
    return payloads.map((payload, index) =>
      this.packet({
        payload,
        timestamp,
        marker: marked === 'each' || (marked === 'last' && index === payloads.length - 1),
      }),
    );
  }
}

/** A codec's payload structures: RFC 6184, or RFC 7798. */
export interface Packing {
  /** A unit in fragments of so many bytes of payload at most. */
  readonly fragments: (unit: Uint8Array, size: number) => Uint8Array[];
  readonly aggregate: (units: readonly Uint8Array[]) => Uint8Array;
}

const pieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.max(1, Math.ceil(bytes.length / size)) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

const withLengths = (units: readonly Uint8Array[]): Uint8Array[] =>
  units.flatMap((unit) => [Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit]);

const edges = (index: number, count: number): number => (index === 0 ? 0x80 : 0) | (index === count - 1 ? 0x40 : 0);

export const AVC_PACKING: Packing = {
  fragments(unit, size) {
    const [header = 0] = unit;
    return pieces(unit.subarray(1), Math.max(1, size - 2)).map((piece, index, all) =>
      Buffer.concat([Uint8Array.of((header & 0xe0) | 28, edges(index, all.length) | (header & 0x1f)), piece]),
    );
  },
  aggregate: (units) => Buffer.concat([Uint8Array.of(0x78), ...withLengths(units)]),
};

export const HEVC_PACKING: Packing = {
  fragments(unit, size) {
    const [first = 0, second = 0] = unit;
    return pieces(unit.subarray(2), Math.max(1, size - 3)).map((piece, index, all) =>
      Buffer.concat([
        Uint8Array.of((first & 0x81) | (49 << 1), second, edges(index, all.length) | ((first >> 1) & 0x3f)),
        piece,
      ]),
    );
  },
  aggregate: (units) => Buffer.concat([Uint8Array.of(48 << 1, 1), ...withLengths(units)]),
};

/** Units as a sender packs them: each alone where it fits, else in fragments. */
export const packed = (units: readonly Uint8Array[], packing: Packing, size = 1400): Uint8Array[] =>
  units.flatMap((unit) => (unit.length <= size ? [unit] : packing.fragments(unit, size)));
