import { findIsoBox, readIsoBoxes, defaultReaderConfig } from '@svta/cml-iso-bmff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fragment, segmentHeader, type Sample } from '../../agent/cmaf/fragment.ts';
import { boxContent, splitBoxes } from '../../protocol/boxes.ts';
import { TIMESCALE, ticks } from '../../protocol/units.ts';

/** 2026-11-22T10:00:00.040Z */
const NOW = ticks(1_795_341_600 * TIMESCALE + 3600);

const sample = (offset: number, keyframe: boolean, ...data: readonly Uint8Array[]): Sample => ({
  time: ticks(NOW + offset),
  duration: ticks(3600),
  compositionOffset: ticks(0),
  keyframe,
  data,
  size: data.reduce((size, piece) => size + piece.length, 0),
});

const FRAMES = [sample(0, true, Uint8Array.of(1, 2), Uint8Array.of(3)), sample(3600, false, Uint8Array.of(4, 5))];

const boxOf = (bytes: Uint8Array, type: string): object | null =>
  findIsoBox(readIsoBoxes(bytes, defaultReaderConfig()), (box) => box.type === type);

const typesOf = (bytes: Uint8Array): string[] => splitBoxes(bytes).boxes.map((box) => box.type);

test('an independent reader finds every box with its values', () => {
  const bytes = fragment({ sequenceNumber: 7, frames: FRAMES });
  expect(typesOf(bytes)).toEqual(['prft', 'moof', 'mdat']);
  const expected: Record<string, object> = {
    prft: { version: 1, flags: 24, referenceTrackId: 1, mediaTime: NOW },
    mfhd: { version: 0, sequenceNumber: 7 },
    tfhd: { version: 0, flags: 0x20000, trackId: 1 },
    tfdt: { version: 1, baseMediaDecodeTime: NOW },
    trun: {
      version: 0,
      flags: 0x701,
      sampleCount: 2,
      samples: [
        { sampleDuration: 3600, sampleSize: 3, sampleFlags: 0x0200_0000 },
        { sampleDuration: 3600, sampleSize: 2, sampleFlags: 0x0101_0000 },
      ],
    },
    mdat: { data: Uint8Array.of(1, 2, 3, 4, 5) },
  };
  for (const [type, values] of Object.entries(expected)) expect(boxOf(bytes, type), type).toMatchObject(values);
});

test('frames that are seen in another order say how much later each is seen', () => {
  const seenAfter = (offset: number, composition: number): Sample => ({
    ...sample(offset, offset === 0, Uint8Array.of(offset / 3600)),
    compositionOffset: ticks(composition),
  });
  const bytes = fragment({
    sequenceNumber: 1,
    frames: [seenAfter(0, 3600), seenAfter(3600, 10_800), seenAfter(7200, 0), seenAfter(10_800, 0)],
  });
  expect(boxOf(bytes, 'trun')).toMatchObject({
    version: 1,
    flags: 0xf01,
    samples: [3600, 10_800, 0, 0].map((sampleCompositionTimeOffset) => ({
      sampleDuration: 3600,
      sampleSize: 1,
      sampleCompositionTimeOffset,
    })),
  });
  const { boxes, length } = splitBoxes(bytes);
  expect(length).toBe(bytes.length);
  const mdat = boxes.find((box) => box.type === 'mdat');
  expect(mdat && boxContent(bytes, mdat)).toEqual(Uint8Array.of(0, 1, 2, 3));
});

test('the data offset leads from the start of the moof to the first byte of the media', () => {
  const bytes = fragment({ sequenceNumber: 1, frames: FRAMES });
  const moof = splitBoxes(bytes).boxes.find((box) => box.type === 'moof');
  const trun = boxOf(bytes, 'trun');
  if (moof === undefined || trun === null || !('dataOffset' in trun)) throw new Error('expected moof and trun');
  expect(bytes.subarray(moof.offset + Number(trun.dataOffset))).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
});

test('the producer reference time is the media time, as NTP has it', () => {
  const prft = boxOf(fragment({ sequenceNumber: 1, frames: FRAMES }), 'prft');
  expect(prft).toMatchObject({
    ntpTimestampSec: 1_795_341_600 + 2_208_988_800,
    ntpTimestampFrac: Math.floor(0.04 * 2 ** 32),
  });
});

test('after NTP starts over in 2036 the media time still goes on', () => {
  const time = ticks(2 ** 32 * TIMESCALE);
  const bytes = fragment({ sequenceNumber: 1, frames: [{ ...sample(0, true, Uint8Array.of(1)), time }] });
  expect(boxOf(bytes, 'prft')).toMatchObject({ ntpTimestampSec: 2_208_988_800, ntpTimestampFrac: 0, mediaTime: time });
  expect(boxOf(bytes, 'tfdt')).toMatchObject({ baseMediaDecodeTime: time });
});

test('a sequence number past 32 bits starts over', () => {
  const bytes = fragment({ sequenceNumber: 2 ** 32 + 5, frames: FRAMES });
  expect(boxOf(bytes, 'mfhd')).toMatchObject({ sequenceNumber: 5 });
});

const someFrames = fc.array(
  fc.record({
    keyframe: fc.boolean(),
    duration: fc.integer({ min: 1, max: 90_000 }),
    compositionOffset: fc.oneof(fc.constant(0), fc.nat({ max: 90_000 })),
    data: fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 12 },
);

test('whatever frames it has, a fragment is exactly as long as need be and holds them in order', () => {
  fc.assert(
    fc.property(someFrames, fc.nat({ max: 2 ** 32 - 1 }), (described, sequenceNumber) => {
      const frames = described.map((frame): Sample => ({
        ...sample(0, frame.keyframe, ...frame.data),
        duration: ticks(frame.duration),
        compositionOffset: ticks(frame.compositionOffset),
      }));
      const bytes = fragment({ sequenceNumber, frames });
      expect(bytes.buffer.byteLength).toBe(bytes.length);
      const { boxes, length } = splitBoxes(bytes);
      expect(length).toBe(bytes.length);
      const mdat = boxes.find((box) => box.type === 'mdat');
      if (mdat === undefined) throw new Error('expected an mdat');
      expect([...boxContent(bytes, mdat)]).toEqual(
        described.flatMap((frame) => frame.data.flatMap((piece) => [...piece])),
      );
      expect(boxOf(bytes, 'mfhd')).toMatchObject({ sequenceNumber });
      const hasOffsets = frames.some(({ compositionOffset }) => compositionOffset > 0);
      expect(boxOf(bytes, 'trun')).toMatchObject({
        samples: frames.map(({ duration, compositionOffset, size, keyframe }) => ({
          ...(hasOffsets ? { sampleCompositionTimeOffset: compositionOffset } : {}),
          sampleDuration: duration,
          sampleSize: size,
          sampleFlags: keyframe ? 0x0200_0000 : 0x0101_0000,
        })),
      });
    }),
  );
});

test('a fragment of no frames is an error', () => {
  expect(() => fragment({ sequenceNumber: 1, frames: [] })).toThrow('expected a frame at least, got none');
});

test('a segment begins with its brands', () => {
  expect(typesOf(segmentHeader())).toEqual(['styp']);
  expect(boxOf(segmentHeader(), 'styp')).toMatchObject({
    majorBrand: 'cmfs',
    minorVersion: 0,
    compatibleBrands: ['iso6', 'cmfs', 'cmff', 'msdh'],
  });
});
