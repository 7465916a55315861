import { uint16, uint32, uint8 } from './bytes.ts';

/** An RTP packet (RFC 3550, 5.1), as far as a single source's receiver asks. */
export interface RtpPacket {
  /** What it means is the payload format's affair: with video, nearly always, the last of a frame. */
  readonly marker: boolean;
  readonly payloadType: number;
  /** 16 bits, starting over at 0. */
  readonly sequence: number;
  /** 32 bits of the format's clock, starting over at 0. */
  readonly timestamp: number;
  /** Who sends: picked at random. */
  readonly source: number;
  /** A view of what arrived; without padding. */
  readonly payload: Uint8Array;
}

const VERSION = 2;
const FIXED_HEADER_BYTES = 12;
const EXTENSION_HEADER_BYTES = 4;

/** @returns undefined where the bytes are no packet of RTP, or end before their own header does */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket | undefined {
  if (bytes.length < FIXED_HEADER_BYTES) return undefined;
  const first = uint8(bytes, 0);
  const second = uint8(bytes, 1);
  if (first >> 6 !== VERSION) return undefined;
  let start = FIXED_HEADER_BYTES + 4 * (first & 0x0f); // CSRCs
  if ((first & 0x10) !== 0) {
    if (bytes.length < start + EXTENSION_HEADER_BYTES) return undefined;
    start += EXTENSION_HEADER_BYTES + 4 * uint16(bytes, start + 2);
  }
  // «The last octet of the padding contains a count of how many padding octets should be ignored, including itself.»
  const padding = (first & 0x20) === 0 ? 0 : uint8(bytes, bytes.length - 1);
  const end = bytes.length - padding;
  if (end < start) return undefined;
  return {
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: uint16(bytes, 2),
    timestamp: uint32(bytes, 4),
    source: uint32(bytes, 8),
    payload: bytes.subarray(start, end),
  };
}
