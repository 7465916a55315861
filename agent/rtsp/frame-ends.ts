/**
 * Tells FFmpeg where a frame ends, in what an RTSP camera sends over TCP.
 *
 * RTP marks the last packet of a frame (RFC 6184, 5.1; RFC 7798, 4.1), but FFmpeg takes a frame for complete only when
 * the next one begins: a whole frame's time later. So an access unit delimiter, with which the next one may begin anyway
 * (ITU-T H.264, 7.4.1.2.3; H.265, 7.4.2.4.4), is put behind each marked packet. All else is passed on as it is.
 *
 *     message ─── of RTSP (RFC 2326, 4): its SDP names the payload types ──▶ message
 *        ├─────── `$`, channel, length (10.12): an RTP or RTCP packet ─────▶ message
 *        └─────── neither ─────────────────────────────────────────────────▶ lost: from then on nothing is put in
 */
type Codec = 'H264' | 'H265';

/** Access unit delimiters: any kind of slice may follow. */
const DELIMITER: Readonly<Record<Codec, Buffer>> = { H264: Buffer.of(0x09, 0xf0), H265: Buffer.of(0x46, 0x01, 0x50) };

const DOLLAR = 0x24;
const FRAMING_BYTES = 4;
const RTP_HEADER_BYTES = 12;
const MARKER = 0x80;
const MAX_MESSAGE_BYTES = 64 * 1024;

interface Track {
  readonly codec: Codec;
  /** Packets put in so far: all that follow are numbered so much higher. */
  inserted: number;
  /** RTP timestamp of the frame that was last taken for ended. */
  ended: number | undefined;
  /** Some cameras mark every slice: theirs are left alone. */
  reliable: boolean;
}

export class FrameEnds {
  #rest: Buffer = Buffer.alloc(0);
  #lost = false;
  readonly #tracks = new Map<number, Track>();

  /** @param chunk what has come from the camera; may be changed @returns what FFmpeg is to get, in order */
  push(chunk: Buffer): Buffer[] {
    if (this.#lost) return [chunk];
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const out: Buffer[] = [];
    for (;;) {
      const size = messageSize(data);
      if (size === 'unknown' && data.length < MAX_MESSAGE_BYTES) break;
      if (size === 'unknown') {
        this.#lost = true;
        out.push(data);
        break;
      }
      if (data.length < size) break;
      const message = data.subarray(0, size);
      data = data.subarray(size);
      out.push(message);
      if (message[0] === DOLLAR) out.push(...this.#packet(message));
      else this.#learn(message.toString('latin1'));
    }
    this.#rest = this.#lost ? Buffer.alloc(0) : data;
    return out;
  }

  /** Which payload types are video that it knows, by `a=rtpmap` (RFC 8866, 6.6). */
  #learn(message: string): void {
    for (const [, type, codec] of message.matchAll(/^a=rtpmap:(\d+) +(H26[45])\/90000/gim)) {
      const track = { codec: codec?.toUpperCase() as Codec, inserted: 0, ended: undefined, reliable: true };
      this.#tracks.set(Number(type), track);
    }
  }

  /** Numbers a packet anew. @returns what is to follow it */
  #packet(message: Buffer): Buffer[] {
    const packet = message.subarray(FRAMING_BYTES);
    const payload = payloadOf(packet);
    const [, second = 0] = packet;
    const track = this.#tracks.get(second & ~MARKER);
    if (payload === undefined || track === undefined) return [];
    const sequence = packet.readUInt16BE(2) + track.inserted;
    packet.writeUInt16BE(sequence & 0xffff, 2);
    const timestamp = packet.readUInt32BE(4);
    const hasPicture = endsSlice(track.codec, payload);
    if (hasPicture && track.ended === timestamp) track.reliable = false;
    if (!track.reliable || !hasPicture || (second & MARKER) === 0) return [];
    track.ended = timestamp;
    track.inserted += 1;
    const delimiter = DELIMITER[track.codec];
    const end = Buffer.alloc(FRAMING_BYTES + RTP_HEADER_BYTES + delimiter.length);
    message.copy(end, 0, 0, FRAMING_BYTES + RTP_HEADER_BYTES);
    end.writeUInt16BE(RTP_HEADER_BYTES + delimiter.length, 2);
    // Version 2, no padding, no extension, no sources, no marker.
    end[FRAMING_BYTES] = 0x80;
    end[FRAMING_BYTES + 1] = second & ~MARKER;
    end.writeUInt16BE((sequence + 1) & 0xffff, FRAMING_BYTES + 2);
    delimiter.copy(end, FRAMING_BYTES + RTP_HEADER_BYTES);
    return [end];
  }
}

/** Bytes of the message that begins here. */
function messageSize(data: Buffer): number | 'unknown' {
  if (data[0] === DOLLAR) {
    return data.length < FRAMING_BYTES ? FRAMING_BYTES : FRAMING_BYTES + data.readUInt16BE(2);
  }
  const headEnd = data.indexOf('\r\n\r\n');
  if (headEnd === -1) return 'unknown';
  const length = /^content-length: *(\d+)/im.exec(data.toString('latin1', 0, headEnd))?.[1];
  return headEnd + 4 + Number(length ?? 0);
}

/** What an RTP packet carries (RFC 3550, 5.1); undefined for what is none. */
function payloadOf(packet: Buffer): Buffer | undefined {
  const [first = 0] = packet;
  if (packet.length < RTP_HEADER_BYTES || first >> 6 !== 2) return undefined;
  let start = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (packet.length < start + 4) return undefined;
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  const padding = (first & 0x20) === 0 ? 0 : (packet.at(-1) ?? 0);
  return start < packet.length - padding ? packet.subarray(start, packet.length - padding) : undefined;
}

/** Whether the last byte of a slice is in it: parameter sets are marked by some cameras too. */
function endsSlice(codec: Codec, payload: Buffer): boolean {
  const [first = 0, second = 0, third = 0] = payload;
  switch (codec) {
    case 'H264': {
      const type = first & 0x1f;
      // Fragmentation units and aggregation packets (RFC 6184, 5.8 and 5.7.1).
      if (type === 28) return (second & 0x40) !== 0 && isSlice(codec, second & 0x1f);
      if (type === 24) return aggregated(payload, 1).some((nal) => isSlice(codec, (nal[0] ?? 0) & 0x1f));
      return isSlice(codec, type);
    }
    case 'H265': {
      const type = (first >> 1) & 0x3f;
      // The same there (RFC 7798, 4.4.3 and 4.4.2).
      if (type === 49) return (third & 0x40) !== 0 && isSlice(codec, third & 0x3f);
      if (type === 48) return aggregated(payload, 2).some((nal) => isSlice(codec, ((nal[0] ?? 0) >> 1) & 0x3f));
      return isSlice(codec, type);
    }
  }
}

const isSlice = (codec: Codec, type: number): boolean => (codec === 'H264' ? type >= 1 && type <= 5 : type < 32);

/** The units of an aggregation packet, each after its length in two bytes. */
function aggregated(payload: Buffer, start: number): Buffer[] {
  const units: Buffer[] = [];
  for (let at = start; at + 2 < payload.length;) {
    const size = payload.readUInt16BE(at);
    units.push(payload.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return units;
}
