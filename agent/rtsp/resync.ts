/**
 * What a message or a packet begins with, for when a camera has got a length wrong or has sent what is neither. Nothing is
 * guessed: a packet must be on a channel that was set up, and begin as one of that channel does.
 */
export const DOLLAR = 0x24;
/** `$`, channel, length in two bytes (RFC 2326, 10.12). */
export const FRAMING_BYTES = 4;

const ANSWER = 'RTSP/1.';
const BEGINNINGS = [
  ...[ANSWER, 'HTTP/1.', 'OPTIONS ', 'GET_PARAMETER ', 'SET_PARAMETER ', 'ANNOUNCE ', 'REDIRECT ', 'TEARDOWN '],
  ...['DESCRIBE ', 'SETUP ', 'PLAY ', 'PAUSE ', 'RECORD '],
];
/** The header of an RTCP packet, the shorter one (RFC 3550, 6.4.2). */
const LEAST_PACKET_BYTES = 8;
/** Channels below it are no characters of a text. */
const TAB = 0x09;

/** Those that were set up. */
export interface Channels {
  /** The payload type of the track on a channel; undefined where there is none. */
  readonly payloadType: (channel: number) => number | undefined;
}

export interface Start {
  readonly at: number;
  /** `partial`: there is too little to tell; `none`: `at` is the end. */
  readonly kind: 'message' | 'packet' | 'partial' | 'none';
}

/** The first place at which something may begin. */
export function nextStart(bytes: Buffer, channels: Channels): Start {
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = startAt(bytes, at, channels);
    if (kind !== 'none') return { at, kind };
  }
  return { at: bytes.length, kind: 'none' };
}

function startAt(bytes: Buffer, at: number, channels: Channels): Start['kind'] {
  if (bytes[at] === DOLLAR) {
    if (at + 1 === bytes.length) return 'partial';
    const payloadType = channels.payloadType(bytes[at + 1]!);
    if (payloadType === undefined) return 'none';
    if (at + FRAMING_BYTES + 1 >= bytes.length) return 'partial';
    const isLong = bytes.readUInt16BE(at + 2) >= LEAST_PACKET_BYTES;
    return isLong && beginsPacket(bytes.subarray(at + FRAMING_BYTES), payloadType) ? 'packet' : 'none';
  }
  const kinds = BEGINNINGS.map((beginning) => matchAt(bytes, at, beginning));
  if (kinds.includes('whole')) return 'message';
  return kinds.includes('part') ? 'partial' : 'none';
}

/** Version 2, and the track's payload type or one of RTCP's (RFC 3550, 5.1 and 12.1). */
function beginsPacket(packet: Uint8Array, payloadType: number): boolean {
  const [first = 0, second = 0] = packet;
  return first >> 6 === 2 && ((second & 0x7f) === payloadType || (second >= 200 && second <= 207));
}

/**
 * Where a packet or an answer begins in the middle of a text.
 * @param range where it may begin
 * @returns `unclear` where the bytes end in what may be one
 */
export function intruderIn(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined | 'unclear' {
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === DOLLAR) {
      if (at + 1 === bytes.length) return 'unclear';
      if (bytes[at + 1]! < TAB) return at;
    } else {
      const match = matchAt(bytes, at, ANSWER);
      if (match === 'whole') return at;
      if (match === 'part') return 'unclear';
    }
  }
  return undefined;
}

function matchAt(bytes: Buffer, at: number, text: string): 'whole' | 'part' | undefined {
  for (let index = 0; index < text.length; index += 1) {
    if (at + index === bytes.length) return 'part';
    if (bytes[at + index] !== text.charCodeAt(index)) return undefined;
  }
  return 'whole';
}

export const isLineBreak = (byte: number): boolean => byte === 0x0d || byte === 0x0a;
export const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
