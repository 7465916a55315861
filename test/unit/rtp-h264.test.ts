import { describe, expect, test } from 'vitest';
import { PROGRESSIVE, sps } from '../avc-picture.ts';
import { AVC_PACKING, packed, Packetizer } from '../rtp-packetizer.ts';
import { Receiving, unitsOf } from '../rtp-receiving.ts';

const SPS = Uint8Array.from(sps(PROGRESSIVE));
const OTHER_SPS = Uint8Array.from(sps({ ...PROGRESSIVE, across: 80, down: 45 }));
const PPS = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);
const DELIMITER = Uint8Array.of(9, 0xf0);
const SEI = Uint8Array.of(6, 5, 4, 1, 2, 3, 4, 0x80);
const RECOVERY_POINT = Uint8Array.of(6, 6, 1, 0xc4, 0x80);
const FILLER = Uint8Array.of(12, 0xff, 0xff, 0x80);

/** Bytes that hold no start code and nothing that looks like the beginning of one. */
const noise = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, index) => 1 + ((index * 31 + seed * 17 + (index >> 3)) % 255));

/** The first slice of a picture begins with first_mb_in_slice = 0: a 1. */
const idr = (seed = 1, length = 20): Uint8Array => Uint8Array.of(0x65, 0x88, ...noise(length, seed));
const p = (seed = 1, length = 20): Uint8Array => Uint8Array.of(0x41, 0x9a, ...noise(length, seed));
const b = (seed = 1): Uint8Array => Uint8Array.of(0x01, 0x9a, ...noise(20, seed));
/** And another one does not. */
const more = (slice: Uint8Array): Uint8Array =>
  Uint8Array.of(slice[0]!, 0x1a, ...slice.subarray(2).map((byte) => byte ^ 1));

const KEYFRAME = [SPS, PPS, idr()];
const time = (index: number): number => 5000 + 3600 * index;

const h264 = (): { packets: Packetizer; to: Receiving } => ({ packets: new Packetizer(), to: new Receiving() });
/** What was received: a letter for each slice of each frame, by its type. */
const shown = (to: Receiving): string[] =>
  to.frames.map((frame) =>
    unitsOf(frame)
      .map(([header = 0]) => ({ 1: 'p', 5: 'I', 6: 's', 7: 'S', 8: 'P', 9: 'd' })[header & 0x1f] ?? '?')
      .join(''),
  );

describe('a frame', () => {
  test('is complete with its marker, and has its units as they were sent', () => {
    const { packets, to } = h264();
    const [first, second] = [[SEI, idr(1, 3000), more(idr(2, 1500))], [p(3, 9000)]];
    to.take(packets.packets(packed([SPS, PPS, ...first], AVC_PACKING), time(0)));
    expect(to.frames.length).toBe(1);
    to.take(packets.packets(packed(second, AVC_PACKING), time(1)));
    expect(to.frames.map(unitsOf)).toEqual([first, second]);
    expect(to.frames.map(({ keyframe }) => keyframe)).toEqual([true, false]);
    expect(to.receiver.counts).toEqual({ packets: 15, lost: 0, strangers: 0, frames: 2, leftOut: 0 });
  });

  test('in one aggregation packet', () => {
    const { packets, to } = h264();
    to.take(packets.packets([AVC_PACKING.aggregate([...KEYFRAME, more(idr())])], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr(), more(idr())]]);
  });

  test('is made of slices of what arrived: no byte of it is copied', () => {
    const { packets, to } = h264();
    const arrived = packets.packets(packed([SPS, PPS, idr(1, 5000)], AVC_PACKING), time(0));
    to.take(arrived);
    const memory = new Set(arrived.map(({ buffer }) => buffer));
    const inPlace = to.frames[0]!.data.filter(({ buffer, length }) => memory.has(buffer) && length > 8);
    expect(inPlace.reduce((size, { length }) => size + length, 0)).toBe(5001);
  });

  test('has its configuration before it, of the sets in the stream', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    expect(to.configs).toMatchObject([
      { kind: 'video', codec: 'h264', codecs: 'avc1.4D001F', width: 640, height: 480 },
    ]);
  });

  test('holds no parameter sets and no filling, but its delimiter and its messages', () => {
    const { packets, to } = h264();
    to.take(packets.packets([DELIMITER, SPS, PPS, SEI, idr(), FILLER], time(0)));
    to.take(packets.packets([DELIMITER, SEI, p()], time(1)));
    expect(shown(to)).toEqual(['dsI', 'dsp']);
  });

  test('before the first keyframe is left out, and not counted as lost', () => {
    const { packets, to } = h264();
    to.take(packets.packets([SPS, PPS, p()], time(0)));
    to.take(packets.packets(KEYFRAME, time(1)));
    expect(shown(to)).toEqual(['I']);
    expect(to.receiver.counts).toMatchObject({ frames: 1, leftOut: 0 });
    expect(to.said).toEqual([]);
  });
});

describe('parameter sets', () => {
  const inSdp = (...sets: readonly Uint8Array[]): { parameters: Map<string, string> } => ({
    parameters: new Map([
      ['packetization-mode', '1'],
      ['sprop-parameter-sets', sets.map((set) => Buffer.from(set).toString('base64')).join(',')],
    ]),
  });
  const sizes = (to: Receiving): string[] => to.configs.map(({ width, height }) => `${width}x${height}`);

  test('in the SDP alone will do', () => {
    const to = new Receiving(inSdp(SPS, PPS)).take(new Packetizer().packets([idr()], time(0)));
    expect(sizes(to)).toEqual(['640x480']);
    expect(shown(to)).toEqual(['I']);
  });

  test('that the SDP has with start codes behind them are as good', () => {
    const to = new Receiving(inSdp(Uint8Array.of(...SPS, 0, 0, 0, 1), Uint8Array.of(0, 0, 1, ...PPS)));
    to.take(new Packetizer().packets([idr()], time(0)));
    expect(sizes(to)).toEqual(['640x480']);
  });

  test.each([
    ['are no base64', '!!!,???'],
    ['are no NAL units', '6QDwBE/LCAAAH0gAB1TgIAAAAAA=,AAAAAA=='],
    ['are cut off', 'Z0I='],
    ['are empty', ''],
  ])('of the SDP that %s give way to those in the stream', (_, broken) => {
    const to = new Receiving({ parameters: new Map([['sprop-parameter-sets', broken]]) });
    to.take(new Packetizer().packets(KEYFRAME, time(0)));
    expect(sizes(to)).toEqual(['640x480']);
    expect(to.failures).toEqual([]);
  });

  test('of the SDP that are of another stream give way, too', () => {
    const to = new Receiving(inSdp(OTHER_SPS, PPS)).take(new Packetizer().packets(KEYFRAME, time(0)));
    expect(sizes(to)).toEqual(['640x480']);
  });

  test('that come again with each keyframe are told once', () => {
    const { packets, to } = h264();
    for (let index = 0; index < 5; index++) to.take(packets.packets(KEYFRAME, time(index)));
    expect(to.configs.length).toBe(1);
    expect(to.frames.length).toBe(5);
  });

  test('in front of each slice of a keyframe, as GStreamer sends them, do not part it', () => {
    const { packets, to } = h264();
    const frame = [idr(1), more(idr(2)), more(idr(3))];
    to.take(
      packets.packets(
        frame.flatMap((slice) => [SPS, PPS, slice]),
        time(0),
      ),
    );
    to.take(packets.packets([p()], time(1)));
    expect(to.frames.map(unitsOf)).toEqual([frame, [p()]]);
    expect(sizes(to)).toEqual(['640x480']);
  });

  test('and messages in front of each slice do not part it either', () => {
    const { packets, to } = h264();
    const frame = [SEI, idr(1), SEI, more(idr(2))];
    to.take(packets.packets([SPS, PPS, ...frame], time(0)));
    to.take(packets.packets([SEI, p()], time(1), 'none'));
    to.take(packets.packets([SEI, p(2)], time(2), 'none'));
    expect(to.frames.map(unitsOf)).toEqual([frame, [SEI, p()]]);
  });

  test('of the next frame, with the time of a picture that has no marker, are told behind that picture', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0), 'none'));
    to.take(packets.packets([p()], time(1), 'none'));
    to.take(packets.packets([OTHER_SPS, PPS], time(1), 'none'));
    expect(sizes(to)).toEqual(['640x480']);
    to.take(packets.packets([idr(4)], time(2), 'none'));
    to.take(packets.packets([p(5)], time(3), 'none'));
    expect(to.frames.map(unitsOf)).toEqual([[idr()], [p()], [idr(4)]]);
    expect(sizes(to)).toHaveLength(2);
  });

  test('without end in front of a slice are borne', () => {
    const { packets, to } = h264();
    to.take(
      packets.packets([...KEYFRAME, ...Array.from({ length: 5000 }, () => [SPS, PPS]).flat(), more(idr(2))], time(0)),
    );
    expect(to.frames.map(unitsOf)).toEqual([[idr(), more(idr(2))]]);
  });

  test('that change are told before the frame that uses them', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([p()], time(1)));
    to.take(packets.packets([OTHER_SPS], time(1)));
    expect(to.configs.length).toBe(1);
    to.take(packets.packets([PPS, idr()], time(2)));
    expect(sizes(to)).toEqual(['640x480', '1280x720']);
    expect(shown(to)).toEqual(['I', 'p', 'I']);
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(sizes(to)).toEqual(['640x480', '1280x720', '640x480']);
  });

  test('that are new in mid-GOP are in the frame, and told with the next keyframe', () => {
    const { packets, to } = h264();
    const other = Uint8Array.of(0x68, 0x5b, 0x8f, 0x20); // pic_parameter_set_id 1
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([DELIMITER, other, p(1)], time(1)));
    to.take(packets.packets([DELIMITER, other, p(2)], time(2)));
    expect(to.frames.slice(1).map(unitsOf)).toEqual([
      [DELIMITER, other, p(1)],
      [DELIMITER, p(2)],
    ]);
    expect(to.configs.length).toBe(1);
    to.take(packets.packets([SPS, PPS, other, idr(3)], time(3)));
    expect(unitsOf(to.frames[3])).toEqual([idr(3)]);
    expect(to.configs.length).toBe(2);
    expect(Buffer.from(to.configs[1]!.record).includes(Buffer.from(other))).toBe(true);
  });

  test('of which there are several: the one that the keyframe uses says how large it is', () => {
    const { packets, to } = h264();
    // seq_parameter_set_id 1, and a PPS 1 that belongs to it.
    const second = Uint8Array.from(sps({ ...PROGRESSIVE, across: 80, down: 45 }, 1));
    const itsPps = Uint8Array.of(0x68, 0x4b, 0x8f, 0x20);
    // first_mb_in_slice 0, slice_type 7, pic_parameter_set_id 1 or 0: 1 0001000 010 or 1 0001000 1
    const using = (pps: 0 | 1): Uint8Array => Uint8Array.of(0x65, 0x88, pps === 1 ? 0x41 : 0x81, 1, 2, 3);
    const all = [SPS, second, PPS, itsPps];
    to.take(packets.packets([...all, using(1)], time(0)));
    to.take(packets.packets([...all, using(0)], time(1)));
    to.take(packets.packets([...all, using(0)], time(2)));
    expect(sizes(to)).toEqual(['1280x720', '640x480']);
  });

  test('that describe a picture nobody can show are refused with what they said, once', () => {
    const { packets, to } = h264();
    const absurd = Uint8Array.from(sps({ ...PROGRESSIVE, across: 1250, down: 1250 }));
    for (let index = 0; index < 3; index++) to.take(packets.packets([absurd, PPS, idr()], time(index)));
    expect(to.frames).toEqual([]);
    expect(to.failures.length).toBe(1);
    expect(to.failures[0]).toMatchObject({ kind: 'unusable' });
    expect(to.failures[0]?.message).toMatch(/expected a picture of 1 to 16888 .* got 20000x20000/);
  });

  test('that never come are said to be missing after half a minute', () => {
    const { packets, to } = h264();
    for (let index = 0; index < 40; index++) to.take(packets.packets([idr()], time(25 * index)), 1000);
    expect(to.failures.map(({ message }) => message)).toEqual([
      'the camera has sent nothing for 30 s that decoding can begin with: set its keyframe interval (GOP) to a few seconds',
    ]);
  });
});

describe('where a frame ends', () => {
  test.each(['last', 'none'] as const)('with markers on %s: with the next one at the latest', (marked) => {
    const { packets, to } = h264();
    to.take(
      packets.packets(
        [SPS, PPS, idr(1, 3000)].flatMap((unit) => packed([unit], AVC_PACKING)),
        time(0),
        marked,
      ),
    );
    to.take(packets.packets([p(2), more(p(2))], time(1), marked));
    to.take(packets.packets([p(3)], time(2), marked));
    expect(shown(to)).toEqual(marked === 'last' ? ['I', 'pp', 'p'] : ['I', 'pp']);
  });

  test('with markers that lie on each slice: the first frame is told again when it is whole, and markers count no more', () => {
    const { packets, to } = h264();
    to.take(packets.packets([SPS, PPS, idr(1), more(idr(1))], time(0), 'each'));
    for (let index = 1; index < 5; index++) to.take(packets.packets([p(index), more(p(index))], time(index), 'each'));
    expect(shown(to)).toEqual(['I', 'II', 'pp', 'pp', 'pp']);
    expect(to.frames[1]!.time - to.frames[0]!.time).toBe(90);
    expect(to.frames[1]!.keyframe).toBe(true);
    expect(to.receiver.counts).toMatchObject({ leftOut: 0 });
  });

  test('with markers that begin to lie in mid-GOP: nothing broken is shown', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([p(1), more(p(1))], time(1), 'each'));
    to.take(packets.packets([p(2), more(p(2))], time(2), 'each'));
    to.take(packets.packets([SPS, PPS, idr(3), more(idr(3))], time(3), 'each'));
    to.take(packets.packets([p(4), more(p(4))], time(4), 'each'));
    expect(shown(to)).toEqual(['I', 'p', 'II']);
  });

  test('with markers on SPS, PPS and SEI: not there', () => {
    const { packets, to } = h264();
    to.take(packets.packets([SPS, PPS, SEI, idr()], time(0), 'each'));
    to.take(packets.packets([SPS, PPS, SEI, idr()], time(1), 'each'));
    to.take(packets.packets([p()], time(2)));
    expect(shown(to)).toEqual(['sI', 'sI', 'p']);
    expect(to.receiver.counts).toMatchObject({ leftOut: 0 });
  });

  test("with SPS and PPS that have the previous picture's time: before them", () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.now = 40;
    to.take(packets.packets([p(1)], time(1), 'none'));
    to.take(packets.packets([SPS, PPS], time(1), 'none'));
    to.now = 80;
    to.take(packets.packets([idr(2)], time(2)));
    expect(shown(to)).toEqual(['I', 'p', 'I']);
    expect(to.frames[2]!.time - to.frames[1]!.time).toBe(3600);
  });

  test('with timestamps that stand still and no markers: where the next picture begins', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0), 'none'), 10);
    for (let index = 1; index < 4; index++) to.take(packets.packets([p(index), more(p(index))], time(0), 'none'), 20);
    expect(shown(to)).toEqual(['I', 'pp', 'pp']);
  });

  test('with fields: two of the same time are one frame', () => {
    const interlaced = Uint8Array.from(sps({ ...PROGRESSIVE, interlaced: true }));
    const { packets, to } = h264();
    to.take(packets.packets([interlaced, PPS, idr(1), p(2)], time(0)));
    to.take(packets.packets([p(3), p(4)], time(1)));
    expect(shown(to)).toEqual(['Ip', 'pp']);
  });

  test('with a message behind the picture that belongs to it', () => {
    const { packets, to } = h264();
    to.take(packets.packets([...KEYFRAME, Uint8Array.of(10)], time(0), 'none'));
    to.take(packets.packets([p()], time(1)));
    expect(shown(to)).toEqual(['I', 'p']);
  });
});

describe('loss', () => {
  test('in a frame: it and all that depend on it are left out until a keyframe, counted, and said once', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    const broken = packets.packets(packed([p(1, 5000)], AVC_PACKING), time(1));
    to.take(broken.filter((_, index) => index !== 2));
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets([p(3)], time(3)));
    to.take(packets.packets(KEYFRAME, time(4)));
    to.take(packets.packets([p(5)], time(5)));
    expect(shown(to)).toEqual(['I', 'I', 'p']);
    expect(to.receiver.counts).toMatchObject({ lost: 1, frames: 3, leftOut: 3 });
    expect(to.said).toEqual(["packets of the camera's video were lost: no picture until the next keyframe"]);
  });

  test('of whole frames between two markers, as well', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    packets.lose(3);
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(shown(to)).toEqual(['I', 'I']);
    expect(to.receiver.counts).toMatchObject({ lost: 3, leftOut: 1 });
  });

  test('of the end of a frame without a marker', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0), 'none'));
    to.take(packets.packets([p(1)], time(1), 'none'));
    packets.lose();
    to.take(packets.packets([p(2)], time(2), 'none'));
    to.take(packets.packets([p(3)], time(3), 'none'));
    expect(shown(to)).toEqual(['I']);
    expect(to.receiver.counts).toMatchObject({ leftOut: 2 });
  });

  test("in front of a keyframe's first slice: the keyframe is shown", () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([p(1)], time(1)));
    packets.lose();
    to.take(packets.packets([idr(2), more(idr(2))], time(2)));
    expect(shown(to)).toEqual(['I', 'p', 'II']);
  });

  test("of a keyframe's first slice: the rest of it is no keyframe", () => {
    const { packets, to } = h264();
    to.take(packets.packets([SPS, PPS, idr(1)], time(0)));
    packets.lose();
    to.take(packets.packets([more(idr(2))], time(1)));
    to.take(packets.packets([p(3)], time(2)));
    expect(shown(to)).toEqual(['I']);
    expect(to.receiver.counts).toMatchObject({ leftOut: 2 });
  });

  test('in a frame that no other depends on: only that one is left out', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([b(1)], time(1), 'none'));
    packets.lose();
    to.take(packets.packets([more(b(1))], time(1)));
    to.take(packets.packets([p(2)], time(2)));
    expect(shown(to)).toEqual(['I', 'p']);
    expect(to.receiver.counts).toMatchObject({ lost: 1, leftOut: 1 });
    expect(to.said).toEqual([]);
  });

  test('again and again is said every ten seconds', () => {
    const { packets, to } = h264();
    for (let index = 0; index < 30; index++) {
      to.take(packets.packets(KEYFRAME, time(25 * index)), 250);
      packets.lose();
      to.take(packets.packets([p(index)], time(25 * index + 1)), 250);
    }
    expect(to.said).toEqual([
      "packets of the camera's video were lost: no picture until the next keyframe",
      "packets of the camera's video were lost: no picture until the next keyframe (10 times since it was last said)",
      "packets of the camera's video were lost: no picture until the next keyframe (10 times since it was last said)",
    ]);
  });

  test('where there are no keyframes: a recovery point is as good', () => {
    const { packets, to } = h264();
    to.take(packets.packets([SPS, PPS, p(0)], time(0)));
    to.take(packets.packets([RECOVERY_POINT, p(1)], time(1)));
    to.take(packets.packets([p(2)], time(2)));
    packets.lose();
    to.take(packets.packets([p(3)], time(3)));
    to.take(packets.packets([RECOVERY_POINT, p(4)], time(4)));
    expect(shown(to)).toEqual(['sp', 'p', 'sp']);
    expect(to.frames.some(({ keyframe }) => keyframe)).toBe(false);
  });
});

describe('what is no NAL unit', () => {
  test('start codes in a packet: several units, in front of the first, and with zeros before them', () => {
    const { packets, to } = h264();
    const together = Buffer.concat([
      ...[Uint8Array.of(0, 0, 0, 1), SPS, Uint8Array.of(0, 0, 0, 1), PPS, Uint8Array.of(0, 0, 1), idr()],
      ...[Uint8Array.of(0, 0, 0, 0, 1), more(idr())],
    ]);
    to.take(packets.packets([together], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr(), more(idr())]]);
    expect(to.configs.length).toBe(1);
  });

  test('start codes in fragments, wherever they are cut', () => {
    const together = Buffer.concat([SPS, Uint8Array.of(0, 0, 0, 1), PPS, Uint8Array.of(0, 0, 1), idr(1, 60)]);
    for (let size = 3; size < together.length + 2; size++) {
      const { packets, to } = h264();
      to.take(packets.packets(AVC_PACKING.fragments(together, size), time(0)));
      expect(to.frames.map(unitsOf), `in pieces of ${size}`).toEqual([[idr(1, 60)]]);
      expect(to.configs.length).toBe(1);
    }
  });

  test('start codes in an aggregation packet', () => {
    const { packets, to } = h264();
    const together = Buffer.concat([SPS, Uint8Array.of(0, 0, 0, 1), PPS]);
    to.take(packets.packets([AVC_PACKING.aggregate([together, idr()])], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr()]]);
  });

  test('a fragment that is start and end in one', () => {
    const { packets, to } = h264();
    const [fragment] = AVC_PACKING.fragments(idr(), 1000);
    to.take(packets.packets([SPS, PPS, fragment!], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr()]]);
  });

  test('empty fragments, empty packets, empty units', () => {
    const { packets, to } = h264();
    const empty = [Uint8Array.of(), Uint8Array.of(0x7c, 0x05), Uint8Array.of(0x7c), Uint8Array.of(0x78, 0, 0)];
    const [first, ...others] = AVC_PACKING.fragments(idr(1, 100), 40);
    to.take(packets.packets([...empty, SPS, PPS, first!, Uint8Array.of(0x7c, 0x05), ...others], time(0)));
    to.take(packets.packets([Uint8Array.of(0x65), p(1), ...empty], time(1)));
    expect(to.frames.map(unitsOf)).toEqual([[idr(1, 100)], [p(1)]]);
    expect(to.receiver.counts).toMatchObject({ leftOut: 0 });
  });

  test('fragments whose headers change midway, and whose reserved bit is set', () => {
    const { packets, to } = h264();
    const fragments = AVC_PACKING.fragments(idr(1, 100), 40).map((fragment, index) => {
      const odd = fragment.slice();
      if (index > 0) odd[0] = 0x1c; // nal_ref_idc 0
      if (index > 0) odd[1] = (odd[1]! & 0xe0) | 1;
      odd[1] = odd[1]! | 0x20;
      return odd;
    });
    to.take(packets.packets([SPS, PPS, ...fragments], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr(1, 100)]]);
  });

  test('fragments without an end are at their end when something else begins', () => {
    const { packets, to } = h264();
    const endless = AVC_PACKING.fragments(idr(1, 100), 40).map((fragment) => {
      const odd = fragment.slice();
      odd[1] = odd[1]! & ~0x40;
      return odd;
    });
    to.take(packets.packets([SPS, PPS, ...endless], time(0)));
    to.take(packets.packets([p(1)], time(1)));
    expect(to.frames.map(unitsOf)).toEqual([[idr(1, 100)], [p(1)]]);
  });

  test('an aggregation packet that promises more than it has is damage', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([Uint8Array.of(0x78, 0, 9, 0x41, 0x9a)], time(1)));
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(shown(to)).toEqual(['I', 'I']);
    expect(to.receiver.counts).toMatchObject({ leftOut: 2 });
  });

  test('units of types that nobody has defined, and with the forbidden bit set', () => {
    const { packets, to } = h264();
    const odd = [0, 13, 14, 15, 16, 20, 22, 25, 27, 29, 30, 31].map((type) => Uint8Array.of(0x60 | type, 0x88, 1, 2));
    to.take(packets.packets([...odd, SPS, ...odd, PPS, idr(), ...odd, Uint8Array.of(0xe1, 0x9a, 3)], time(0)));
    expect(to.frames.map(unitsOf)).toEqual([[idr()]]);
  });
});

describe('strangers', () => {
  test('of payload type 50, behind each keyframe, with its number: neither a loss nor in its way', () => {
    for (const transport of ['ordered', 'datagrams'] as const) {
      const packets = new Packetizer(100);
      const to = new Receiving({}, transport);
      for (let index = 0; index < 3; index++) {
        const frame = packets.packets(KEYFRAME, time(2 * index));
        const last = Buffer.from(frame.at(-1)!);
        last[1] = 0x80 | 50;
        to.take([...frame.slice(0, -1), last, frame.at(-1)!, last]);
        to.take(packets.packets([p(index)], time(2 * index + 1)));
      }
      expect(shown(to)).toEqual(['I', 'p', 'I', 'p', 'I', 'p']);
      expect(to.receiver.counts).toMatchObject({ lost: 0, strangers: 6 });
    }
  });

  test('of another source, as from an old session', () => {
    const { packets, to } = h264();
    const old = new Packetizer(30_000);
    to.take(packets.packets(KEYFRAME, time(0)));
    for (let index = 1; index < 5; index++) {
      to.take([old.packet({ payload: p(index), timestamp: 7, marker: true, source: 99 })]);
      to.take(packets.packets([p(index)], time(index)));
    }
    expect(to.frames.map(unitsOf)).toEqual([[idr()], [p(1)], [p(2)], [p(3)], [p(4)]]);
    expect(to.receiver.counts).toMatchObject({ lost: 0, strangers: 4 });
  });

  test('garbage is none of its packets', () => {
    const { packets, to } = h264();
    to.take([Uint8Array.of(), Uint8Array.of(1, 2, 3), new Uint8Array(2000)]);
    to.take(packets.packets(KEYFRAME, time(0)));
    expect(shown(to)).toEqual(['I']);
    expect(to.receiver.counts).toMatchObject({ packets: 3, strangers: 3 });
  });
});

describe('sizes', () => {
  test('a unit without end is given up', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    const piece = Uint8Array.of(0x7c, 0x01, ...noise(60_000, 1));
    to.take([packets.packet({ payload: Uint8Array.of(0x7c, 0x81, ...noise(10, 1)), timestamp: time(1) })]);
    for (let index = 0; index < 300; index++) to.take([packets.packet({ payload: piece, timestamp: time(1) })]);
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(shown(to)).toEqual(['I', 'I']);
  });

  test.each([
    ['aggregated', Uint8Array.of(0x78, ...Array.from({ length: 10_000 }, () => [0, 3, 0x41, 0x1a, 7]).flat())],
    [
      'with start codes',
      Uint8Array.of(...p(1), ...Array.from({ length: 10_000 }, () => [0, 0, 1, 0x41, 0x1a, 7]).flat()),
    ],
  ])('a packet of thousands of units, %s, is given up', (_, payload) => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([payload], time(1)));
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(shown(to)).toEqual(['I', 'I']);
    expect(to.receiver.counts).toMatchObject({ leftOut: 2 });
  });

  test('a frame of endlessly many slices is given up', () => {
    const { packets, to } = h264();
    to.take(packets.packets(KEYFRAME, time(0)));
    to.take(packets.packets([p(1)], time(1), 'none'));
    for (let index = 0; index < 20_000; index++) {
      to.take([packets.packet({ payload: Uint8Array.of(0x41, 0x1a, 7), timestamp: time(1) })]);
    }
    to.take(packets.packets([p(2)], time(2)));
    to.take(packets.packets(KEYFRAME, time(3)));
    expect(shown(to)).toEqual(['I', 'I']);
  });
});

test('datagrams that come in another order make the same frames', () => {
  const packets = new Packetizer();
  const to = new Receiving({}, 'datagrams');
  const first = packets.packets(packed([SPS, PPS, idr(1, 4000)], AVC_PACKING), time(0));
  const second = packets.packets(packed([p(2, 4000)], AVC_PACKING), time(1));
  const order = [...first, ...second];
  [order[3], order[1]] = [order[1]!, order[3]!];
  [order[6], order[5]] = [order[5]!, order[6]!];
  to.take(order, 1);
  expect(to.frames.map(unitsOf)).toEqual([[idr(1, 4000)], [p(2, 4000)]]);
  expect(to.receiver.counts).toMatchObject({ lost: 0, leftOut: 0 });
});
