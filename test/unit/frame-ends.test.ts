import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameEnds } from '../../agent/rtsp/frame-ends.ts';

/** An RTP packet of payload type 96 on channel 0, as it is interleaved. */
function packet(sequence: number, timestamp: number, marker: boolean, payload: readonly number[], type = 96): Buffer {
  const rtp = Buffer.alloc(12 + payload.length);
  rtp[0] = 0x80;
  rtp[1] = type | (marker ? 0x80 : 0);
  rtp.writeUInt16BE(sequence & 0xffff, 2);
  rtp.writeUInt32BE(timestamp, 4);
  rtp.set(payload, 12);
  const framing = Buffer.of(0x24, 0, 0, 0);
  framing.writeUInt16BE(rtp.length, 2);
  return Buffer.concat([framing, rtp]);
}

const description = (codec: string): Buffer => {
  const sdp = `v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 ${codec}/90000\r\nm=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n`;
  return Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`);
};

const SLICE = [0x41, 1, 2, 3];
const pass = (...chunks: readonly Buffer[]): Buffer => {
  const ends = new FrameEnds();
  // It may change what it is given.
  return Buffer.concat(chunks.flatMap((chunk) => ends.push(Buffer.from(chunk))));
};
/** Sequence numbers of the packets in what has passed, and their payloads' first bytes. */
function packets(passed: Buffer, from: number): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let at = from; at < passed.length; at += 4 + passed.readUInt16BE(at + 2)) {
    found.push([passed.readUInt16BE(at + 6), passed[at + 16] ?? -1]);
  }
  return found;
}

describe('what a camera sends', () => {
  const sdp = description('H264');

  it('gets a delimiter behind each frame, and its packets numbers that have no gap', () => {
    const passed = pass(
      sdp,
      packet(10, 1000, false, [0x67, 1]),
      packet(11, 1000, true, [0x65, 1, 2]),
      packet(12, 4600, true, SLICE),
      packet(13, 8200, true, SLICE),
    );
    expect(packets(passed, sdp.length)).toEqual([
      [10, 0x67],
      [11, 0x65],
      [12, 0x09],
      [13, 0x41],
      [14, 0x09],
      [15, 0x41],
      [16, 0x09],
    ]);
  });

  it('numbers packets across the end of the range', () => {
    const passed = pass(sdp, packet(65_535, 1, true, SLICE), packet(0, 2, true, SLICE));
    expect(packets(passed, sdp.length).map(([sequence]) => sequence)).toEqual([65_535, 0, 1, 2]);
  });

  it('in fragments is a frame when the last one is marked', () => {
    const [start, middle, end] = [0x85, 0x05, 0x45];
    const passed = pass(
      sdp,
      packet(1, 1, false, [0x7c, start, 9]),
      packet(2, 1, false, [0x7c, middle, 9]),
      packet(3, 1, true, [0x7c, end, 9]),
    );
    expect(packets(passed, sdp.length).map(([, first]) => first)).toEqual([0x7c, 0x7c, 0x7c, 0x09]);
  });

  it('in H.265 gets the delimiter of H.265', () => {
    const hevc = description('H265');
    const passed = pass(hevc, packet(1, 1, true, [0x26, 0x01, 9]));
    expect(packets(passed, hevc.length).map(([, first]) => first)).toEqual([0x26, 0x46]);
    expect(passed.subarray(-3)).toEqual(Buffer.of(0x46, 0x01, 0x50));
  });

  it('is left alone where parameter sets alone are marked', () => {
    const passed = pass(sdp, packet(1, 1, true, [0x67, 1]), packet(2, 1, true, [0x68, 1]));
    expect(packets(passed, sdp.length).map(([sequence]) => sequence)).toEqual([1, 2]);
  });

  it('is left alone from then on when slices of one frame are marked each', () => {
    const passed = pass(
      sdp,
      packet(1, 1, true, SLICE),
      packet(2, 1, true, SLICE),
      packet(3, 2, true, SLICE),
      packet(4, 2, true, SLICE),
    );
    expect(packets(passed, sdp.length)).toEqual([
      [1, 0x41],
      [2, 0x09],
      [3, 0x41],
      [4, 0x41],
      [5, 0x41],
    ]);
  });

  it('is left alone when it is sound, RTCP, or anything that is not RTSP', () => {
    const others = [
      sdp,
      packet(1, 1, true, [1, 2, 3], 8),
      Buffer.from([0x24, 1, 0, 4, 0x80, 200, 0, 0]),
      Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n'),
      Buffer.alloc(100_000, 7),
      packet(2, 2, true, SLICE),
    ];
    expect(pass(...others)).toEqual(Buffer.concat(others));
  });

  it('comes out the same, in whatever pieces it comes', () => {
    const all = Buffer.concat([
      sdp,
      ...Array.from({ length: 20 }, (_, index) => packet(index, 3600 * (index >> 1), index % 2 === 1, SLICE)),
    ]);
    const whole = pass(all);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
        const pieces: Buffer[] = [];
        for (let at = 0, next = 0; at < all.length; next += 1) {
          const size = sizes[next % sizes.length] ?? 1;
          pieces.push(all.subarray(at, at + size));
          at += size;
        }
        expect(pass(...pieces)).toEqual(whole);
      }),
      { seed: 1 },
    );
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        pass(sdp, ...chunks.map((chunk) => Buffer.from(chunk)));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
