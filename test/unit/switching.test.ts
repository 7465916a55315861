import { describe, expect, test } from 'vitest';
import { streamDescriptionSchema, type StreamDescription } from '../../protocol/description.ts';
import { segmentNumber, type RepresentationId } from '../../protocol/names.ts';
import { milliseconds } from '../../protocol/units.ts';
import { switched } from '../../worker/switching.ts';

const id = (text: string): RepresentationId => text as RepresentationId;
const picture = { codecs: 'avc1.64001f', bandwidth: 500_000, width: 640, height: 360, frameRate: 25 };
const sound = { codecs: 'mp4a.40.2', bandwidth: 64_000, sampleRate: 48_000, channels: 1, frameDuration: 1024 / 48_000 };

const description = (serverSideRepresentationSwitching: boolean): StreamDescription =>
  streamDescriptionSchema.parse({
    ...{ title: '', segmentDuration: 1, fragmentDuration: 0.1, targetLatency: 0.5, timeShift: 30, public: false },
    serverSideRepresentationSwitching,
    tracks: [
      { kind: 'video', representations: ['0', '1', '2'].map((each) => ({ ...picture, id: each })) },
      { kind: 'audio', representations: [{ ...sound, id: '3' }] },
    ],
  });

const NOW = milliseconds(1_000_500);
const asked = (representation: string, number: number) => ({
  representation: id(representation),
  number: segmentNumber(number),
});

describe('with server-side switching, of a stream with sound', () => {
  const stream = description(true);

  test.for([
    [1000, '2'],
    [999, '1'],
    [998, '0'],
    [990, '0'],
  ] as const)('a picture of segment %d, where the newest is 1000, is %s', ([number, expected]) => {
    expect(switched(stream, asked('0', number), NOW, undefined)).toBe(expected);
  });

  test('sound is what was asked for, however late', () => {
    for (const number of [1000, 990]) expect(switched(stream, asked('3', number), NOW, undefined)).toBeUndefined();
  });

  test('a picture that is forced is forced on those who ask for a picture', () => {
    expect(switched(stream, asked('0', 1000), NOW, id('1'))).toBe('1');
    expect(switched(stream, asked('3', 1000), NOW, id('1'))).toBeUndefined();
  });

  test('sound can be forced on nobody', () => {
    expect(switched(stream, asked('0', 1000), NOW, id('3'))).toBe('2');
  });
});

test('without it nothing is switched', () => {
  expect(switched(description(false), asked('0', 1000), NOW, id('1'))).toBeUndefined();
});
