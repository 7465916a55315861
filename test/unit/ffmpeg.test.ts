import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import installer from '@ffmpeg-installer/ffmpeg';
import { defaultReaderConfig, readIsoBoxes, traverseIsoBoxes } from '@svta/cml-iso-bmff';
import { describe, expect, test } from 'vitest';
import { avcConfig } from '../../agent/cmaf/avc.ts';
import { fragment, segmentHeader, type Sample } from '../../agent/cmaf/fragment.ts';
import { initSegment } from '../../agent/cmaf/init.ts';
import { ForcedSegmenter } from '../../agent/cmaf/forced-segmenter.ts';
import { FlvReader, type FlvFrame } from '../../agent/ffmpeg/flv.ts';
import { boxContent, splitBoxes } from '../../protocol/boxes.ts';
import { milliseconds, seconds, ticks, ticksOfMilliseconds } from '../../protocol/units.ts';

/** The modules that make CMAF of FLV, against the tools that made the FLV and others that read the CMAF. */

const BASE = 1_795_341_600; // 2026-11-22T10:00:00Z
const WIDTH = 322;
const HEIGHT = 182;

interface Output {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], input: Uint8Array = new Uint8Array()): Output {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 2 ** 28 });
  if (error !== undefined) throw error;
  return { status, stdout, stderr: stderr.toString() };
}

const exists = (command: string): boolean => spawnSync(command, ['-version']).status === 0;

const ffmpegs = [
  { name: 'the FFmpeg from npm', ffmpeg: installer.path },
  { name: 'the FFmpeg on PATH', ffmpeg: 'ffmpeg' },
];
const hasFfprobe = exists('ffprobe');

/** H.264 as the agent has it encoded: forced keyframes, some more in between, no B frames. */
const ENCODE =
  '-pix_fmt yuv420p -c:v libx264 -preset veryfast -tune zerolatency -bf 0 -sc_threshold 0 -g 20 -force_key_frames expr:gte(t,n_forced)';

const source = (rate: string): string[] =>
  `-v error -f lavfi -i testsrc2=size=${WIDTH}x${HEIGHT}:rate=${rate}`.split(' ');

const encodeFlv = (ffmpeg: string, rate: string): Uint8Array => {
  const args = [...source(rate), '-t', '3.5', ...ENCODE.split(' ')];
  const { status, stdout, stderr } = run(ffmpeg, [
    ...args,
    ...'-f flv -flvflags no_duration_filesize -flush_packets 1 pipe:1'.split(' '),
  ]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
};

interface Packet {
  readonly time: number;
  readonly size: number;
  readonly md5: string;
}

/**
 * What an FFmpeg finds in a file: its packets, or its pictures when it decodes. Durations are left out: FFmpeg takes
 * them from the frame rate it makes out, not from the file.
 */
function packetsOf(ffmpeg: string, format: string, bytes: Uint8Array, codec: 'copy' | 'rawvideo'): Packet[] {
  const args = `-v warning -copyts -f ${format} -i pipe:0 -c ${codec} -f framemd5 pipe:1`;
  const { status, stdout, stderr } = run(ffmpeg, args.split(' '), bytes);
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.toString().split('\n');
  return lines.flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const [, , pts, , size, md5 = ''] = line.split(',').map((field) => field.trim());
    return [{ time: Number(pts), size: Number(size), md5 }];
  });
}

const md5 = (data: readonly Uint8Array[]): string => {
  const hash = createHash('md5');
  for (const piece of data) hash.update(piece);
  return hash.digest('hex');
};

function read(flv: Uint8Array): { avcC: Uint8Array; frames: FlvFrame[] } {
  const reader = new FlvReader();
  const frames: FlvFrame[] = [];
  let avcC: Uint8Array | undefined;
  // a prime, so that pieces end everywhere
  for (let position = 0; position < flv.length; position += 997) {
    for (const event of reader.push(flv.subarray(position, position + 997))) {
      if (event.kind === 'config') avcC = event.avcC;
      else frames.push(event.frame);
    }
  }
  if (avcC === undefined) throw new Error('expected a configuration');
  return { avcC, frames };
}

interface Cmaf {
  readonly init: Uint8Array;
  readonly segments: readonly Uint8Array[];
  readonly samples: readonly Sample[];
}

function cmafOf(flv: Uint8Array, frameRate: number, fragmentDuration: number): Cmaf {
  const { avcC, frames } = read(flv);
  const segmenter = new ForcedSegmenter({
    segmentDuration: seconds(1),
    fragmentDuration: seconds(fragmentDuration),
    frameRate,
  });
  const steps = frames.flatMap((frame) => {
    const time = ticksOfMilliseconds(milliseconds(frame.time + BASE * 1000));
    return segmenter.push({ ...frame, time, compositionOffset: ticks(0) });
  });
  steps.push(...segmenter.end());
  const segments = new Map<number, Uint8Array[]>();
  const samples: Sample[] = [];
  for (const step of steps) {
    if (step.kind === 'open') segments.set(step.number, [segmentHeader()]);
    if (step.kind !== 'fragment') continue;
    segments.get(step.number)?.push(fragment({ sequenceNumber: samples.length + 1, frames: step.samples }));
    samples.push(...step.samples);
  }
  return {
    init: initSegment(avcConfig(avcC)),
    segments: segments
      .values()
      .map((pieces) => Buffer.concat(pieces))
      .toArray(),
    samples,
  };
}

const whole = ({ init, segments }: Cmaf): Uint8Array => Buffer.concat([init, ...segments]);

const cases = ffmpegs.flatMap((which) =>
  [
    { rate: '25', frameRate: 25, fragmentDuration: 0.04 },
    { rate: '30000/1001', frameRate: 29.97, fragmentDuration: 0.1 },
  ].map((settings) => ({ ...which, ...settings })),
);

describe.each(cases)('$name at $rate frames a second', ({ ffmpeg, rate, frameRate, fragmentDuration }) => {
  if (!exists(ffmpeg)) {
    test.skip('(it is not there)', () => {});
    return;
  }
  const flv = encodeFlv(ffmpeg, rate);
  const cmaf = cmafOf(flv, frameRate, fragmentDuration);
  const { avcC, frames } = read(flv);

  test('frames are those FFmpeg itself reads from the FLV, byte for byte', () => {
    const found = frames.map(({ time, size, data }) => ({ time, size, md5: md5(data) }));
    expect(found).toEqual(packetsOf(ffmpeg, 'flv', flv, 'copy'));
    expect(frames.length).toBe(Math.ceil(3.5 * frameRate));
  });

  test('every frame is in a sample, and each second has its segment', () => {
    expect(cmaf.samples.map((sample) => md5(sample.data))).toEqual(frames.map((frame) => md5(frame.data)));
    expect(cmaf.segments.length).toBe(4);
  });

  test('the configuration says what was encoded', () => {
    expect(avcConfig(avcC)).toMatchObject({ width: WIDTH, height: HEIGHT });
    expect(avcConfig(avcC).codecs).toMatch(/^avc1\.64000[A-F]$/);
  });

  test('FFmpeg reads from the CMAF what was put in, without a word', () => {
    const expected = cmaf.samples.map(({ time, size, data }) => ({ time, size, md5: md5(data) }));
    expect(packetsOf(ffmpeg, 'mp4', whole(cmaf), 'copy')).toEqual(expected);
  });

  test('FFmpeg decodes the same pictures from the CMAF as from the FLV', () => {
    const pictures = packetsOf(ffmpeg, 'mp4', whole(cmaf), 'rawvideo').map((picture) => picture.md5);
    expect(pictures).toEqual(packetsOf(ffmpeg, 'flv', flv, 'rawvideo').map((picture) => picture.md5));
    expect(new Set(pictures).size).toBe(pictures.length);
  });

  test('each segment can be decoded by itself, from its first frame', () => {
    let pictures = 0;
    for (const segment of cmaf.segments) {
      pictures += packetsOf(ffmpeg, 'mp4', Buffer.concat([cmaf.init, segment]), 'rawvideo').length;
    }
    expect(pictures).toBe(cmaf.samples.length);
  });

  test('an independent reader finds every box, with the values put in', () => {
    const boxes = traverseIsoBoxes(readIsoBoxes(Buffer.concat(cmaf.segments), defaultReaderConfig())).toArray();
    const trackRuns = boxes.filter((box) => box.type === 'trun');
    expect(trackRuns.flatMap((box) => ('samples' in box ? box.samples : []))).toMatchObject(
      cmaf.samples.map(({ duration, size, keyframe }) => ({
        sampleDuration: duration,
        sampleSize: size,
        sampleFlags: keyframe ? 0x0200_0000 : 0x0101_0000,
      })),
    );
    const starts = boxes.flatMap((box) =>
      box.type === 'tfdt' && 'baseMediaDecodeTime' in box ? [box.baseMediaDecodeTime] : [],
    );
    expect(starts.every((start) => cmaf.samples.some((sample) => sample.time === start))).toBe(true);
  });

  test.skipIf(!hasFfprobe)('ffprobe (where it is on PATH) reads the CMAF without a word', () => {
    const args = '-v warning -show_streams -show_packets -of json -f mp4 -i pipe:0'.split(' ');
    const { status, stdout, stderr } = run('ffprobe', args, whole(cmaf));
    expect([status, stderr]).toEqual([0, '']);
    const { streams, packets } = JSON.parse(stdout.toString()) as { streams: unknown; packets: unknown };
    expect(streams).toMatchObject([
      {
        codec_name: 'h264',
        profile: 'High',
        codec_tag_string: 'avc1',
        width: WIDTH,
        height: HEIGHT,
        sample_aspect_ratio: '1:1',
        time_base: '1/90000',
        has_b_frames: 0,
        is_avc: 'true',
        nal_length_size: '4',
      },
    ]);
    expect(packets).toMatchObject(
      cmaf.samples.map(({ time, keyframe, size }) => ({
        pts: time,
        dts: time,
        size: `${size}`,
        flags: keyframe ? 'K_' : '__',
      })),
    );
    const keyframes = cmaf.samples.filter((sample) => sample.keyframe).map((sample) => sample.time / 90_000 - BASE);
    for (const second of [0, 1, 2, 3]) expect(keyframes).toContainEqual(expect.closeTo(second, 1));
  });

  test('boxes of a CMAF file FFmpeg made itself are found', () => {
    const args = [...source(rate), '-t', '1', ...ENCODE.split(' ')];
    const { stdout } = run(ffmpeg, [
      ...args,
      ...'-f mp4 -movflags frag_keyframe+empty_moov+default_base_moof pipe:1'.split(' '),
    ]);
    const { boxes, length } = splitBoxes(stdout);
    expect(length).toBe(stdout.length);
    const types = boxes.map((box) => box.type).join(' ');
    expect(types).toMatch(/^ftyp moov( moof mdat)+ mfra$/);
    const moov = boxes.find((box) => box.type === 'moov');
    if (moov === undefined) throw new Error('expected a moov');
    expect(splitBoxes(boxContent(stdout, moov)).boxes.map((box) => box.type)).toEqual(
      expect.arrayContaining(['mvhd', 'trak', 'mvex']),
    );
  });
});
