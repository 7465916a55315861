import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fragment, segmentHeader, type Sample } from '../../agent/cmaf/fragment.ts';
import { initSegment } from '../../agent/cmaf/init.ts';
import { H264 } from '../../agent/rtp/h264.ts';
import { H265 } from '../../agent/rtp/h265.ts';
import { NalUnit } from '../../agent/rtp/nal-unit.ts';
import { NalUnits } from '../../agent/rtp/nal-units.ts';
import { ticks } from '../../protocol/units.ts';
import { AVC_PACKING, HEVC_PACKING, packed, Packetizer } from '../rtp-packetizer.ts';
import { Receiving, unitsOf } from '../rtp-receiving.ts';

/** What encoders make, through RTP and CMAF, against what FFmpeg itself makes of the same. */

interface Output {
  readonly stdout: Buffer;
  readonly said: readonly [status: number | null, stderr: string];
}
function ffmpeg(args: string, input: Uint8Array = new Uint8Array()): Output {
  const all = `-hide_banner -v warning ${args}`.split(' ');
  const { status, stdout, stderr, error } = spawnSync('ffmpeg', all, { input, maxBuffer: 2 ** 28 });
  if (error !== undefined) throw error;
  return { stdout, said: [status, stderr.toString()] };
}
const encoders = (() => {
  try {
    return ffmpeg('-encoders').stdout.toString();
  } catch {
    return '';
  }
})();

const STREAMS = [
  {
    name: 'H.264 without B frames',
    codec: 'h264',
    encode: '-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g 10',
    reordered: false,
  },
  {
    name: 'H.264 with slices',
    codec: 'h264',
    encode: '-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g 10 -slices 3',
    reordered: false,
  },
  {
    name: 'H.264 with a pyramid of B frames',
    codec: 'h264',
    encode: '-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 20',
    reordered: true,
  },
  {
    name: 'H.264, interlaced',
    codec: 'h264',
    encode: '-pix_fmt yuv420p -c:v libx264 -preset veryfast -flags +ilme+ildct -weightp 0 -bf 0 -g 10',
    reordered: false,
  },
  {
    name: 'H.265 without B frames',
    codec: 'h265',
    encode: '-pix_fmt yuv420p -c:v libx265 -preset ultrafast -x265-params bframes=0:keyint=10:log-level=none',
    reordered: false,
  },
  {
    name: 'H.265 with B frames, open GOPs',
    codec: 'h265',
    encode:
      '-pix_fmt yuv420p -c:v libx265 -preset ultrafast -x265-params bframes=3:keyint=10:open-gop=1:log-level=none',
    reordered: true,
  },
  {
    name: 'H.265, 10 bits, slices',
    codec: 'h265',
    encode: '-pix_fmt yuv420p10le -c:v libx265 -preset ultrafast -x265-params slices=3:keyint=10:log-level=none',
    reordered: true,
  },
] as const;

const FRAMES = 30;
const STEP = 3600;

/** Frames in the order of decoding: when each is seen, in ticks, and its NAL units, as the encoder wrote them. */
interface Encoded {
  readonly seen: number;
  readonly units: readonly Uint8Array[];
}

/** A transport stream holds whole frames and their times; FFmpeg says where each is, and what is in it. */
function encoded(codec: 'h264' | 'h265', encode: string): Encoded[] {
  const source = `-f lavfi -i testsrc2=size=322x184:rate=25,noise=alls=20:allf=t -frames:v ${FRAMES} ${encode}`;
  const mkv = ffmpeg(
    `${source} -bsf:v ${codec === 'h264' ? 'h264' : 'hevc'}_mp4toannexb,dump_extra=freq=keyframe -f nut pipe:1`,
  );
  expect(mkv.said).toEqual([0, '']);
  const { stdout } = ffmpeg('-f nut -i pipe:0 -c copy -copyts -f framecrc pipe:1', mkv.stdout);
  const packets = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').map((field) => Number(field)));
  const timeBase = /#tb 0: (\d+)\/(\d+)/.exec(stdout.toString());
  const scale = (90_000 * Number(timeBase?.[1])) / Number(timeBase?.[2]);
  const bytes = ffmpeg(`-f nut -i pipe:0 -c copy -f ${codec === 'h264' ? 'h264' : 'hevc'} pipe:1`, mkv.stdout).stdout;
  let at = 0;
  const frames = packets.map(([, , pts = 0, , size = 0]): Encoded => {
    const units: Uint8Array[] = [];
    new NalUnits({ unit: (unit: NalUnit) => units.push(unit.copy()), damaged: () => {} }).whole(
      bytes.subarray(at, at + size),
    );
    at += size;
    return { seen: Math.round(pts * scale), units };
  });
  expect(at).toBe(bytes.length);
  return frames;
}

const md5 = (pieces: readonly Uint8Array[]): string => {
  const hash = createHash('md5');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

describe.each(STREAMS)('$name', { timeout: 60_000 }, ({ codec, encode, reordered }) => {
  const encoder = /libx26[45]/.exec(encode)?.[0] ?? '';
  if (!encoders.includes(encoder)) {
    test.skip(`(there is no FFmpeg with ${encoder})`, () => {});
    return;
  }
  const frames = encoded(codec, encode);
  const [format, packing] = codec === 'h264' ? [H264, AVC_PACKING] : [H265, HEVC_PACKING];

  const received = (size: number, marked: 'last' | 'none'): Receiving => {
    const packets = new Packetizer();
    const to = new Receiving({ codec });
    frames.forEach(({ seen, units }, index) => {
      // A frame is encoded when all that it refers to was seen.
      to.now = Math.max(to.now, 40 * index, seen / 90);
      to.take(packets.packets(packed(units, packing, size), seen + 12_345, marked));
    });
    return to;
  };

  test('frames are those that were encoded, unit by unit, but for the parameter sets', () => {
    const to = received(1400, 'last');
    const isTold = (unit: Uint8Array): boolean => {
      const { role } = format.kindOf(new NalUnit([Uint8Array.of(0, 0, 0, 0), unit], unit.length));
      return role !== 'parameters' && role !== 'none';
    };
    expect(to.frames.map(unitsOf)).toEqual(frames.map(({ units }) => units.filter(isTold)));
    expect(to.configs.length).toBe(1);
    expect(to.failures).toEqual([]);
  });

  test('without markers they are the same, a frame later', () => {
    const expected = received(1400, 'last').frames.map(({ data }) => md5(data));
    expect(received(300, 'none').frames.map(({ data }) => md5(data))).toEqual(expected.slice(0, -1));
  });

  test('each is seen when it was, and decoded in its order, before', () => {
    const to = received(1400, 'last');
    const start = to.frames[0]!.time + to.frames[0]!.compositionOffset;
    const seen = to.frames.map((frame) => Math.round((frame.time + frame.compositionOffset - start) / STEP));
    expect(seen).toEqual(frames.map((frame) => Math.round((frame.seen - frames[0]!.seen) / STEP)));
    const steps = to.frames.slice(1).map((frame, index) => Math.round((frame.time - to.frames[index]!.time) / STEP));
    expect(new Set(steps)).toEqual(new Set([1]));
    expect(to.frames.some(({ compositionOffset }) => compositionOffset > 0)).toBe(reordered);
  });

  test('FFmpeg decodes from the CMAF made of them what it decodes from the encoder', () => {
    const to = received(1400, 'last');
    const samples = to.frames.map((frame): Sample => ({ ...frame, duration: ticks(STEP) }));
    const pieces = samples.map((sample, index) => fragment({ sequenceNumber: index + 1, frames: [sample] }));
    const [config] = to.configs;
    if (config === undefined) throw new Error('expected a configuration');
    const cmaf = Buffer.concat([initSegment(config), segmentHeader(), ...pieces]);
    const fromCmaf = ffmpeg('-f mp4 -i pipe:0 -fps_mode passthrough -f framemd5 pipe:1', cmaf);
    expect(fromCmaf.said).toEqual([0, '']);
    const raw = Buffer.concat(
      frames.flatMap(({ units }) => units.flatMap((unit) => [Uint8Array.of(0, 0, 0, 1), unit])),
    );
    const fromEncoder = ffmpeg(
      `-f ${codec === 'h264' ? 'h264' : 'hevc'} -i pipe:0 -fps_mode passthrough -f framemd5 pipe:1`,
      raw,
    );
    const pictures = (output: Output): (string | undefined)[] =>
      output.stdout
        .toString()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(',').at(-1)?.trim());
    expect(pictures(fromCmaf)).toEqual(pictures(fromEncoder));
    expect(pictures(fromCmaf).length).toBe(FRAMES);
  });
});

test.skipIf(!encoders.includes('libx264'))(
  'a stream without keyframes, joined late, is decoded from a recovery point on',
  { timeout: 60_000 },
  () => {
    const encode = '-pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -x264-params intra-refresh=1:keyint=10';
    const frames = encoded('h264', encode);
    const [packets, to] = [new Packetizer(), new Receiving()];
    const [, ...others] = frames;
    const isSet = (unit: Uint8Array): boolean => (unit[0]! & 0x1f) === 7 || (unit[0]! & 0x1f) === 8;
    const sets = frames[0]!.units.filter(isSet);
    to.take(packets.packets(sets, 0, 'none'));
    for (const { seen, units } of others) to.take(packets.packets(packed(units, AVC_PACKING), seen));
    expect(to.frames.length).toBeGreaterThan(FRAMES - 12);
    expect(to.frames.length).toBeLessThan(FRAMES - 1);
    expect(to.frames.some(({ keyframe }) => keyframe)).toBe(false);
    const raw = Buffer.concat(
      [...sets, ...to.frames.flatMap(unitsOf)].flatMap((unit) => [Uint8Array.of(0, 0, 0, 1), unit]),
    );
    const decoded = ffmpeg('-flags output_corrupt -f h264 -i pipe:0 -fps_mode passthrough -f framemd5 pipe:1', raw);
    expect(
      decoded.stdout
        .toString()
        .split('\n')
        .filter((line) => /^\d/.test(line)).length,
    ).toBeGreaterThan(10);
  },
);
