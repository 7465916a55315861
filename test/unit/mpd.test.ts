import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { streamDescriptionSchema, type StreamDescription } from '../../protocol/description.ts';
import { segmentNumber } from '../../protocol/names.ts';
import { mpd, type MpdContext } from '../../worker/manifest/mpd.ts';

const VIDEO = {
  kind: 'video',
  representations: [
    { id: '0', codecs: 'avc1.64001f', bandwidth: 2_000_000, width: 1280, height: 720, frameRate: 25 },
    { id: '1', codecs: 'avc1.64001e', bandwidth: 500_000, width: 640, height: 360, frameRate: 12.5 },
  ],
};

const description = (overrides: Record<string, unknown> = {}): StreamDescription =>
  streamDescriptionSchema.parse({
    title: 'Front door',
    segmentDuration: 1,
    fragmentDuration: 0.1,
    targetLatency: 0.5,
    timeShift: 30,
    serverSideRepresentationSwitching: false,
    public: false,
    tracks: [VIDEO],
    ...overrides,
  });

const CONTEXT = { origin: 'https://edge.example', token: undefined, joined: undefined };

/** A parsed element: attributes begin with `@`. */
interface Element {
  readonly [key: string]: string & Element & Element[];
}

function parse(xml: string): Element {
  expect(XMLValidator.validate(xml)).toBe(true);
  const lists = ['AdaptationSet', 'Representation'];
  const isList = (name: string, path: unknown): boolean => lists.includes(name) || path === 'MPD.UTCTiming';
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: false,
    isArray: isList,
  });
  return (parser.parse(xml) as { MPD: Element }).MPD;
}

const manifest = (overrides?: Record<string, unknown>, token?: string): Element =>
  parse(mpd(description(overrides), { ...CONTEXT, token }));

const attributes = (element: Element | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(element ?? {}).flatMap(([key, value]) =>
      key.startsWith('@') ? [[key.slice(1), String(value)]] : [],
    ),
  );

const templateOf = (root: Element): Record<string, string> =>
  attributes(root['Period']?.['AdaptationSet']?.[0]?.['SegmentTemplate']);

describe('the manifest of a stream with 1 s segments and 0.1 s fragments', () => {
  const root = manifest();
  const period = root['Period'];
  const set = period?.['AdaptationSet']?.[0];

  test('is a live one that counts from 1970 and never ends', () => {
    expect(attributes(root)).toEqual({
      xmlns: 'urn:mpeg:dash:schema:mpd:2011',
      profiles: 'urn:mpeg:dash:profile:isoff-live:2011,http://www.dashif.org/guidelines/low-latency-live-v5',
      type: 'dynamic',
      availabilityStartTime: '1970-01-01T00:00:00Z',
      publishTime: expect.stringMatching(/^1970-01-01T00:00:00\.\d{9}Z$/),
      minimumUpdatePeriod: 'PT10S',
      timeShiftBufferDepth: 'PT30S',
      maxSegmentDuration: 'PT1S',
      minBufferTime: 'PT0.5S',
      suggestedPresentationDelay: 'PT0.5S',
    });
    expect(attributes(period)).toEqual({ id: expect.stringMatching(/^[0-9a-z]{1,7}$/), start: 'PT0S' });
    expect(root['ProgramInformation']?.['Title']).toBe('Front door');
  });

  test('says how far behind reality to play', () => {
    const service = root['ServiceDescription'];
    expect(attributes(service?.['Latency'])).toEqual({ referenceId: '0', target: '500', min: '250', max: '1000' });
    expect(attributes(service?.['PlaybackRate'])).toEqual({ min: '0.9', max: '1.1' });
  });

  test('lets players ask for a segment as soon as its first fragment is there', () => {
    expect(templateOf(root)).toEqual({
      timescale: '90000',
      duration: '90000',
      startNumber: '0',
      availabilityTimeOffset: '0.92',
      availabilityTimeComplete: 'false',
      initialization: 'init-stream$RepresentationID$.m4s',
      media: 'chunk-stream$RepresentationID$-$Number$.m4s',
    });
    expect(attributes(set?.['Resync'])).toEqual({ type: '0', dT: '9000', marker: 'true' });
  });

  test('ties media time to the time of capture', () => {
    const reference = set?.['ProducerReferenceTime'];
    expect(attributes(reference)).toEqual({
      id: '0',
      type: 'captured',
      inband: 'true',
      wallClockTime: '1970-01-01T00:00:00Z',
      presentationTime: '0',
    });
    const clock = { schemeIdUri: 'urn:mpeg:dash:utc:http-xsdate:2014', value: '../isotime' };
    expect(attributes(reference?.['UTCTiming'])).toEqual(clock);
    expect(root['UTCTiming']?.map(attributes)).toEqual([clock, { ...clock, value: 'https://edge.example/isotime' }]);
  });

  test.for(['https://edge.example/', 'http://192.168.1.5:8000/', 'https://example.org/cameras/'])(
    'names a clock that is found below %s',
    (edge) => {
      const { value = '' } = attributes(root['UTCTiming']?.[0]);
      expect(new URL(value, `${edge}front-kitchen/manifest.mpd?token=x`).href).toBe(`${edge}isotime`);
    },
  );

  test('lists its representations', () => {
    expect(attributes(set)).toEqual({
      id: '0',
      contentType: 'video',
      mimeType: 'video/mp4',
      segmentAlignment: 'true',
      startWithSAP: '1',
      maxWidth: '1280',
      maxHeight: '720',
    });
    expect(set?.['Representation']?.map(attributes)).toEqual([
      { id: '0', codecs: 'avc1.64001f', bandwidth: '2000000', width: '1280', height: '720', frameRate: '25' },
      { id: '1', codecs: 'avc1.64001e', bandwidth: '500000', width: '640', height: '360', frameRate: '12500/1000' },
    ]);
  });

  test('has its elements in the order of the schema (ISO/IEC 23009-1, annex B)', () => {
    const names = (element: object | undefined): string[] =>
      Object.keys(element ?? {}).filter((key) => !key.startsWith('@') && key !== '#text');
    expect(names(root)).toEqual(['ProgramInformation', 'ServiceDescription', 'Period', 'UTCTiming']);
    expect(names(set)).toEqual(['ProducerReferenceTime', 'Resync', 'SegmentTemplate', 'Representation']);
  });

  test('is the same whenever it is asked for', () => {
    expect(mpd(description(), CONTEXT)).toBe(mpd(description(), CONTEXT));
  });
});

describe('a manifest', () => {
  const named = (overrides?: Record<string, unknown>, context: Partial<MpdContext> = {}): string[] => {
    const root = parse(mpd(description(overrides), { ...CONTEXT, ...context }));
    return [attributes(root)['publishTime']!, attributes(root['Period'])['id']!];
  };
  const [published, period] = named() as [string, string];
  const other = (codecs: string): object => ({
    tracks: [{ ...VIDEO, representations: [{ ...VIDEO.representations[0], codecs }] }],
  });

  test('of the same description bears the same names, whoever asks for it where', () => {
    expect(named({ definition: '{"a":1}', public: true })).toEqual([published, period]);
    expect(named({}, { origin: 'http://127.0.0.1:8000', token: 'abc', joined: segmentNumber(7) })).toEqual([
      published,
      period,
    ]);
  });

  test('of another description is another one', () => {
    for (const overrides of [{ title: 'Back door' }, { targetLatency: 1 }, { timeShift: 4 }, { saveStats: true }]) {
      const [later, same] = named(overrides);
      expect(later).not.toBe(published);
      // What is playing goes on.
      expect(same).toBe(period);
    }
  });

  test('of other media has another period', () => {
    const changes = [other('avc1.64001f'), other('avc1.42c00d'), { segmentDuration: 2 }, { fragmentDuration: 0.2 }];
    const periods = new Set([period]);
    for (const overrides of changes) {
      const [later, another] = named(overrides as Record<string, unknown>);
      expect(later).not.toBe(published);
      periods.add(another!);
    }
    expect(periods.size).toBe(changes.length + 1);
  });
});

test.for<[segmentDuration: number, fragmentDuration: number, expected: Record<string, string>]>([
  [1.92, 0.04, { duration: '172800', availabilityTimeOffset: '1.919' }],
  [1.001, 0.1001, { duration: '90090', availabilityTimeOffset: '0.921' }],
  [0.1, 0.1, { duration: '9000', availabilityTimeOffset: '0.02' }],
  [0.3, 0.1, { duration: '27000', availabilityTimeOffset: '0.22' }],
  [60, 1 / 3, { duration: '5400000', availabilityTimeOffset: '59.68' }],
])('segments of %d s in fragments of %d s', ([segmentDuration, fragmentDuration, expected]) => {
  expect(templateOf(manifest({ segmentDuration, fragmentDuration }))).toMatchObject(expected);
});

test('durations are written without a power of ten, however small or long', () => {
  const number = fc.double({ min: 0.001, max: 60, noNaN: true });
  const long = fc.double({ min: 0.1, max: 60, noNaN: true });
  fc.assert(
    fc.property(long, number, number, (segmentDuration, targetLatency, timeShift) => {
      const root = attributes(manifest({ segmentDuration, targetLatency, timeShift }));
      for (const name of ['maxSegmentDuration', 'minBufferTime', 'timeShiftBufferDepth']) {
        expect(root[name]).toMatch(/^PT\d+(\.\d{1,3})?S$/);
      }
    }),
  );
});

test('with server-side switching a player sees one representation', () => {
  const root = manifest({ serverSideRepresentationSwitching: true });
  expect(root['Period']?.['AdaptationSet']?.[0]?.['Representation']?.map((each) => each['@id'])).toEqual(['0']);
});

test.for(['A & "B" <c>', "it's", ']]>', '<!-- -->', '&amp;', 'Тор', '大門', '🎥', '', ' a '])(
  'a title is shown as it is: %s',
  (title) => {
    expect(manifest({ title })['ProgramInformation']?.['Title'] ?? '').toBe(title);
  },
);

test('a title may hold what XML may not', () => {
  const xml = mpd(description({ title: 'a\u0000b\u0008c\uFFFEd\uD800e\tf' }), CONTEXT);
  // XML 1.0, 2.2
  expect(xml).not.toMatch(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u);
  expect(parse(xml)['ProgramInformation']?.['Title']).toBe('a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\tf');
});

test('a token goes into the URLs, and out of nowhere else', () => {
  const root = manifest({}, 'eyJ.x-y_z.0');
  expect(templateOf(root)).toMatchObject({
    initialization: 'init-stream$RepresentationID$.m4s?token=eyJ.x-y_z.0',
    media: 'chunk-stream$RepresentationID$-$Number$.m4s?token=eyJ.x-y_z.0',
  });
});

test('whatever is sent for a token stays a parameter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (token) => {
      const { media = '' } = templateOf(manifest({}, token));
      const [template, query, ...more] = media.split('?');
      expect([template, more]).toEqual(['chunk-stream$RepresentationID$-$Number$.m4s', []]);
      // No `$` that a player would take for a part of the template.
      expect(query).not.toContain('$');
      expect(new URLSearchParams(query).get('token')).toBe(token);
    }),
  );
});

describe('a copied stream', () => {
  const [high, low] = VIDEO.representations;
  const copied = (joined: number | undefined, token?: string): string =>
    mpd(
      description({
        tracks: [{ kind: 'video', representations: [{ ...high, codecs: 'hvc1.1.6.L93.B0', copied: true }, low] }],
      }),
      { ...CONTEXT, token, joined: joined === undefined ? undefined : segmentNumber(joined) },
    );

  test('names the segment that a player joins with where it asks for media and for the manifest again', () => {
    const root = parse(copied(1234, 'a.b'));
    expect(root['Location']).toBe('manifest.mpd?j=1234&token=a.b');
    expect(templateOf(root)['media']).toBe('chunk-stream$RepresentationID$-$Number$.m4s?j=1234&token=a.b');
    expect(templateOf(root)['initialization']).toBe('init-stream$RepresentationID$.m4s?token=a.b');
  });

  test('promises no keyframe at the start of its segments, and no switching to the transcoded ones', () => {
    const sets = parse(copied(1234))['Period']?.['AdaptationSet'] ?? [];
    expect(sets.map((set) => set['@startWithSAP'])).toEqual([undefined, '1']);
    expect(sets.map((set) => set['@id'])).toEqual(['0', '1']);
    expect(sets.map((set) => set['ProducerReferenceTime']?.['@id'])).toEqual(['0', '1']);
    expect(sets.map((set) => set['Representation'])).toHaveLength(2);
    expect(attributes(sets[1]?.['SegmentTemplate'])['media']).not.toContain('j=');
  });

  test('without a copied representation the manifest is the same whoever joins when', () => {
    const joined = segmentNumber(7);
    expect(mpd(description(), { ...CONTEXT, joined })).toBe(mpd(description(), CONTEXT));
  });
});

describe('a stream with sound', () => {
  const AAC = {
    ...{ id: '2', codecs: 'mp4a.40.2', bandwidth: 64_000, sampleRate: 48_000, channels: 1 },
    frameDuration: 1024 / 48_000,
  };
  const OPUS = { ...AAC, id: '3', codecs: 'opus', channels: 2, frameDuration: 0.02 };
  const sound = (...representations: object[]): object => ({ kind: 'audio', language: 'de-CH', representations });
  const sets = (overrides: Record<string, unknown>, joined?: number): Element[] =>
    parse(
      mpd(description(overrides), {
        ...CONTEXT,
        joined: joined === undefined ? undefined : segmentNumber(joined),
      }),
    )['Period']?.['AdaptationSet'] ?? [];
  const idsOf = (set: Element | undefined): unknown => set?.['Representation']?.map((each) => each['@id']);

  test('has it in a set of its own, on the same numbers', () => {
    const [video, audio] = sets({ tracks: [VIDEO, sound(AAC)] });
    expect(attributes(audio)).toEqual({
      id: '1',
      contentType: 'audio',
      mimeType: 'audio/mp4',
      lang: 'de-CH',
      segmentAlignment: 'true',
      startWithSAP: '1',
      audioSamplingRate: '48000',
    });
    expect(attributes(audio?.['AudioChannelConfiguration'])).toEqual({
      schemeIdUri: 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011',
      value: '1',
    });
    expect(attributes(audio?.['Role'])).toEqual({ schemeIdUri: 'urn:mpeg:dash:role:2011', value: 'main' });
    expect(audio?.['Representation']?.map(attributes)).toEqual([{ id: '2', codecs: 'mp4a.40.2', bandwidth: '64000' }]);
    expect(attributes(audio?.['SegmentTemplate'])).toEqual({
      ...attributes(video?.['SegmentTemplate']),
      // Fragments of 0.1 s are five frames, of which the last begins four after the first.
      availabilityTimeOffset: '0.915',
    });
  });

  test('has its elements in the order of the schema (ISO/IEC 23009-1, annex B)', () => {
    const [, audio] = sets({ tracks: [VIDEO, sound(AAC)] });
    expect(Object.keys(audio ?? {}).filter((key) => !key.startsWith('@') && key !== '#text')).toEqual([
      ...['AudioChannelConfiguration', 'ProducerReferenceTime', 'Resync', 'Role', 'SegmentTemplate', 'Representation'],
    ]);
  });

  test('lets players switch between bitrates of it, not between codecs', () => {
    const low = { ...AAC, id: '4', bandwidth: 32_000 };
    const [, aac, opus] = sets({ tracks: [VIDEO, sound(AAC, OPUS, low)] });
    expect([idsOf(aac), idsOf(opus)]).toEqual([['2', '4'], ['3']]);
    expect(attributes(opus?.['SegmentTemplate'])['availabilityTimeOffset']).toBe('0.92');
  });

  test('of the camera itself, offers that first, and has nobody join it anywhere', () => {
    const copied = { ...AAC, copied: true };
    const tracks = [VIDEO, sound({ ...AAC, id: '5', bandwidth: 32_000 }, copied)];
    const [, first, second] = sets({ tracks }, 7);
    expect([idsOf(first), idsOf(second)]).toEqual([['2'], ['5']]);
    expect([first?.['@selectionPriority'], second?.['@selectionPriority']]).toEqual(['2', undefined]);
    expect(attributes(first)['startWithSAP']).toBe('1');
    // Each frame of it can be begun with.
    expect(mpd(description({ tracks }), { ...CONTEXT, joined: segmentNumber(7) })).not.toContain('j=7');
  });

  test('with a copied picture, has players join that alone', () => {
    const picture = { ...VIDEO, representations: [{ ...VIDEO.representations[0], copied: true }] };
    const [video, audio] = sets({ tracks: [picture, sound({ ...AAC, copied: true })] }, 7);
    expect(video?.['SegmentTemplate']?.['@media']).toContain('?j=7');
    expect(audio?.['SegmentTemplate']?.['@media']).not.toContain('j=');
  });

  test('and server-side switching, shows one picture and all of its sound', () => {
    const [video, audio] = sets({ serverSideRepresentationSwitching: true, tracks: [VIDEO, sound(AAC)] });
    expect([idsOf(video), idsOf(audio)]).toEqual([['0'], ['2']]);
  });
});
