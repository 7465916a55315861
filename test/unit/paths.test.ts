import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isClientName,
  isRepresentationId,
  isStreamName,
  segmentNumber,
  type RepresentationId,
} from '../../protocol/names.ts';
import {
  agentPath,
  mediaFile,
  mediaPath,
  parseMediaObject,
  parseStreamAddress,
  type MediaObject,
} from '../../protocol/paths.ts';

const letters = (text: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...text), minLength: 1, maxLength });
const streamName = letters('abcXYZ019_.~', 64).filter(isStreamName);
const clientName = letters('abcXYZ019_.~-', 64).filter(isClientName);
const representation = letters('0123456789', 3).filter((id): id is RepresentationId => isRepresentationId(id));

const mediaObject: fc.Arbitrary<MediaObject> = fc.oneof(
  fc.constant<MediaObject>({ kind: 'manifest' }),
  representation.map((id): MediaObject => ({ kind: 'init', representation: id })),
  fc
    .tuple(representation, fc.nat({ max: 1e15 - 1 }))
    .map(([id, number]): MediaObject => ({ kind: 'segment', representation: id, number: segmentNumber(number) })),
);

test('every media object has a path that leads back to it', () => {
  fc.assert(
    fc.property(streamName, mediaObject, (stream, object) => {
      const { pathname } = new URL(mediaPath(stream, object), 'http://edge');
      const [empty, first, file, ...rest] = pathname.split('/');
      expect([empty, rest]).toEqual(['', []]);
      expect(parseStreamAddress(first ?? '')).toEqual({ stream, client: undefined });
      expect(parseMediaObject(file ?? '')).toEqual(object);
    }),
  );
});

test('a viewer is named behind the first dash', () => {
  fc.assert(
    fc.property(streamName, clientName, (stream, client) => {
      expect(parseStreamAddress(`${stream}-${client}`)).toEqual({ stream, client });
    }),
  );
  expect(parseStreamAddress('cam-a-b')).toEqual({ stream: 'cam', client: 'a-b' });
});

test('FFmpeg pads segment numbers with zeros', () => {
  expect(parseMediaObject('chunk-stream0-00042.m4s')).toEqual({ kind: 'segment', representation: '0', number: 42 });
});

test('what is not quite a media object is none', () => {
  const files = [
    '',
    'manifest.mpd ',
    'Manifest.mpd',
    '../manifest.mpd',
    'init-stream.m4s',
    'init-stream1000.m4s',
    'init-stream0.m4s.m4s',
    'init-stream0.m4s\n',
    'init-stream0xm4s',
    'chunk-stream0-.m4s',
    'chunk-stream0--1.m4s',
    'chunk-stream0-1.mp4',
    'chunk-stream0-1/2.m4s',
    'chunk-stream0-9999999999999999.m4s',
    'chunk-stream0-١.m4s',
  ];
  for (const file of files) expect(parseMediaObject(file), JSON.stringify(file)).toBeUndefined();
});

test('what is not quite a stream is none', () => {
  for (const part of [
    '',
    '-',
    '-client',
    'cam-',
    'cam-a/b',
    'cam-a b',
    '..',
    '.',
    '%2e%2e',
    'api',
    'api-client',
    'conf',
  ]) {
    expect(parseStreamAddress(part), JSON.stringify(part)).toBeUndefined();
  }
});

test('a segment is read only from a name that writes itself back, but for leading zeros', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^chunk-stream[0-9]{0,4}-[0-9]{0,17}[.]m4s$/), (file) => {
      const object = parseMediaObject(file);
      if (object !== undefined) expect(mediaFile(object)).toBe(file.replace(/-0+(?=[0-9]+[.]m4s$)/, '-'));
      else expect(file).toMatch(/stream-|stream[0-9]{4}|-[0-9]{16}|-[.]/);
    }),
  );
});

test("an agent's WebSocket is below the stream's name", () => {
  fc.assert(
    fc.property(streamName, (stream) => {
      expect(new URL(agentPath(stream), 'http://edge').pathname).toBe(`/api/streams/${stream}/agent`);
    }),
  );
});
