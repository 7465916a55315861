import { describe, expect, test } from 'vitest';
import { HEVC_PROGRESSIVE, hevcSps } from '../hevc-picture.ts';
import { HEVC_PACKING, packed, Packetizer } from '../rtp-packetizer.ts';
import { Receiving, unitsOf } from '../rtp-receiving.ts';

const VPS = Uint8Array.from(Buffer.from('40010c01ffff01600000030090000003000003003c959409', 'hex'));
const SPS = hevcSps(HEVC_PROGRESSIVE);
const PPS = Uint8Array.of(0x44, 1, 0xc1, 0x72, 0xb4, 0x62, 0x40);
const SETS = [VPS, SPS, PPS];

const noise = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, index) => 1 + ((index * 31 + seed * 17 + (index >> 3)) % 255));

const unit = (type: number, ...body: readonly number[]): Uint8Array => Uint8Array.of(type << 1, 1, ...body);
/** A picture's first slice segment: the flag that says so is its first bit. */
const slice = (type: number, seed = 1, length = 20): Uint8Array => unit(type, 0x80, ...noise(length, seed));
const more = (type: number, seed = 1): Uint8Array => unit(type, 0x40, ...noise(20, seed));

const [TRAIL, RADL, RASL, BLA, IDR, CRA] = [1, 7, 9, 16, 19, 21];
const DELIMITER = unit(35, 0x50);
const PREFIX_SEI = unit(39, 5, 1, 9, 0x80);
const SUFFIX_SEI = unit(40, 132, 1, 9, 0x80);
const RECOVERY_POINT = unit(39, 6, 1, 0xc4, 0x80);

const time = (index: number): number => 5000 + 3600 * index;
const h265 = (parameters = new Map<string, string>()): { packets: Packetizer; to: Receiving } => ({
  packets: new Packetizer(),
  to: new Receiving({ codec: 'h265', parameters }),
});
const typesOf = (to: Receiving): number[][] =>
  to.frames.map((frame) => unitsOf(frame).map(([first = 0]) => (first >> 1) & 0x3f));

test('a frame is complete with its marker, and has its units as they were sent', () => {
  const { packets, to } = h265();
  const [first, second] = [[PREFIX_SEI, slice(IDR, 1, 4000), more(IDR), SUFFIX_SEI], [slice(TRAIL, 2, 9000)]];
  to.take(packets.packets(packed([...SETS, ...first], HEVC_PACKING), time(0)));
  expect(to.configs).toMatchObject([{ codec: 'h265', codecs: 'hvc1.1.6.L93.90', width: 640, height: 360 }]);
  to.take(packets.packets(packed(second, HEVC_PACKING), time(1)));
  expect(to.frames.map(unitsOf)).toEqual([first, second]);
  expect(to.frames.map(({ keyframe }) => keyframe)).toEqual([true, false]);
});

test('aggregated, in fragments, with delimiters', () => {
  const { packets, to } = h265();
  to.take(packets.packets([HEVC_PACKING.aggregate([DELIMITER, ...SETS, slice(IDR)])], time(0)));
  to.take(packets.packets([DELIMITER, ...HEVC_PACKING.fragments(slice(TRAIL, 1, 300), 50)], time(1)));
  expect(to.frames.map(unitsOf)).toEqual([
    [DELIMITER, slice(IDR)],
    [DELIMITER, slice(TRAIL, 1, 300)],
  ]);
});

test('parameter sets of the SDP will do', () => {
  const base64 = (set: Uint8Array): string => Buffer.from(set).toString('base64');
  const { packets, to } = h265(
    new Map([
      ['sprop-vps', base64(VPS)],
      ['sprop-sps', base64(SPS)],
      ['sprop-pps', base64(PPS)],
    ]),
  );
  to.take(packets.packets([slice(IDR)], time(0)));
  expect(to.configs.length).toBe(1);
  expect(typesOf(to)).toEqual([[IDR]]);
});

describe('decoding begins', () => {
  test.each([
    ['an IDR', IDR],
    ['another IDR', 20],
    ['a CRA', CRA],
    ['a BLA', BLA],
  ])('with %s picture', (_, type) => {
    const { packets, to } = h265();
    to.take(packets.packets([...SETS, slice(TRAIL)], time(0)));
    to.take(packets.packets([slice(type)], time(1)));
    expect(typesOf(to)).toEqual([[type]]);
    expect(to.frames[0]?.keyframe).toBe(true);
  });

  test('with a recovery point where there is nothing else', () => {
    const { packets, to } = h265();
    to.take(packets.packets([...SETS, slice(TRAIL)], time(0)));
    to.take(packets.packets([RECOVERY_POINT, slice(TRAIL)], time(1)));
    expect(typesOf(to)).toEqual([[39, TRAIL]]);
  });

  test('with a CRA: pictures that refer to what was before it are left out, those that do not are shown', () => {
    const { packets, to } = h265();
    to.take(packets.packets([...SETS, slice(CRA)], time(3)));
    to.take(packets.packets([slice(RASL)], time(1)));
    to.take(packets.packets([slice(RADL)], time(2)));
    to.take(packets.packets([slice(TRAIL)], time(4)));
    expect(typesOf(to)).toEqual([[CRA], [RADL], [TRAIL]]);
  });

  test('before a CRA: all are shown', () => {
    const { packets, to } = h265();
    to.take(packets.packets([...SETS, slice(IDR)], time(0)));
    to.take(packets.packets([slice(CRA)], time(3)));
    to.take(packets.packets([slice(RASL)], time(1)));
    expect(typesOf(to)).toEqual([[IDR], [CRA], [RASL]]);
  });

  test('anew with a CRA after a loss: what was before it is missing', () => {
    const { packets, to } = h265();
    to.take(packets.packets([...SETS, slice(IDR)], time(0)));
    packets.lose();
    to.take(packets.packets([slice(CRA)], time(4)));
    to.take(packets.packets([slice(RASL)], time(2)));
    to.take(packets.packets([slice(TRAIL)], time(5)));
    expect(typesOf(to)).toEqual([[IDR], [CRA], [TRAIL]]);
    expect(to.receiver.counts).toMatchObject({ lost: 1, leftOut: 1 });
  });
});

test('a message that may only follow a picture begins no frame, one that may only precede one does', () => {
  const { packets, to } = h265();
  to.take(packets.packets([...SETS, slice(IDR), SUFFIX_SEI], time(0), 'none'));
  to.take(packets.packets([PREFIX_SEI], time(0), 'none'));
  to.take(packets.packets([slice(TRAIL)], time(1)));
  expect(typesOf(to)).toEqual([
    [IDR, 40],
    [39, TRAIL],
  ]);
});

test('start codes in fragments, wherever they are cut', () => {
  const start = Uint8Array.of(0, 0, 0, 1);
  const together = Buffer.concat([VPS, start, SPS, start, PPS, start, slice(IDR, 1, 40)]);
  for (let size = 4; size < together.length; size += 1) {
    const { packets, to } = h265();
    to.take(packets.packets(HEVC_PACKING.fragments(together, size), time(0)));
    expect(to.frames.map(unitsOf), `in pieces of ${size}`).toEqual([[slice(IDR, 1, 40)]]);
  }
});

test('fragments that are start and end in one, empty, with headers that change midway', () => {
  const { packets, to } = h265();
  const fragments = HEVC_PACKING.fragments(slice(TRAIL, 1, 100), 40).map((fragment, index) => {
    const odd = fragment.slice();
    if (index > 0) odd.set([odd[0]! ^ 1, 2, (odd[2]! & 0xc0) | 5]);
    return odd;
  });
  to.take(packets.packets([...SETS, ...HEVC_PACKING.fragments(slice(IDR), 1000)], time(0)));
  const empty = [Uint8Array.of(), Uint8Array.of(49 << 1, 1), Uint8Array.of(49 << 1, 1, TRAIL)];
  to.take(packets.packets([fragments[0]!, ...empty.slice(2), ...fragments.slice(1), ...empty], time(1)));
  expect(to.frames.map(unitsOf)).toEqual([[slice(IDR)], [slice(TRAIL, 1, 100)]]);
});

test('other layers and types that nobody has defined are left out', () => {
  const { packets, to } = h265();
  const layer = (type: number): Uint8Array => Uint8Array.of(type << 1, 9, 0x80, 1, 2);
  const odd = [10, 22, 24, 31, 38, 41, 47].map((type) => slice(type));
  const unknown = [50, 51, 63].map((type) => slice(type));
  to.take(
    packets.packets([...odd, ...unknown, ...SETS, layer(33), layer(IDR), slice(IDR), layer(IDR), ...odd], time(0)),
  );
  expect(typesOf(to)).toEqual([[IDR]]);
});

test('a picture of nothing is refused with what it said', () => {
  const { packets, to } = h265();
  to.take(packets.packets([VPS, hevcSps({ ...HEVC_PROGRESSIVE, width: 0, height: 0 }), PPS, slice(IDR)], time(0)));
  expect(to.failures).toMatchObject([{ kind: 'unusable' }]);
  expect(to.failures[0]?.message).toMatch(/got 0x0$/);
});

test('B frames are decoded in the order they come in, and seen when they say', () => {
  const { packets, to } = h265();
  const sets = [VPS, hevcSps({ ...HEVC_PROGRESSIVE, reordered: 1 }), PPS];
  const seen = [0, 3, 1, 2, 6, 4, 5];
  seen.forEach((at, index) => {
    to.now = 40 * Math.max(at, index);
    to.take(packets.packets([...(index === 0 ? sets : []), slice(index === 0 ? IDR : TRAIL, index)], time(at)));
  });
  const start = to.frames[0]!.time + to.frames[0]!.compositionOffset;
  expect(to.frames.map((frame) => Math.round((frame.time + frame.compositionOffset - start) / 3600))).toEqual(seen);
  expect(to.frames.map((frame) => Math.round((frame.time - start) / 3600))).toEqual([-1, 0, 1, 2, 3, 4, 5]);
});
