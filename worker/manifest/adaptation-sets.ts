import {
  frameDurationOf,
  type AudioRepresentation,
  type Representation,
  type StreamDescription,
  type Track,
  type VideoRepresentation,
} from '../../protocol/description.ts';
import { seconds, TIMESCALE, ticksOfSeconds, type Seconds } from '../../protocol/units.ts';
import { JOIN_PARAMETER } from '../joining.ts';
import { CLOCK, decimal, EPOCH, frameRate, queryOf, utcTiming } from './values.ts';
import type { Viewing } from './viewing.ts';

/** Representations between which a player may switch at any segment (ISO/IEC 23009-1, 5.3.3). */
type AdaptationSet = Switchable &
  (
    | { readonly kind: 'video'; readonly representations: readonly VideoRepresentation[] }
    | {
        readonly kind: 'audio';
        readonly language: string | undefined;
        readonly representations: readonly AudioRepresentation[];
      }
  );

interface Switchable {
  readonly copied: boolean;
}

/** The `AdaptationSet`s of all tracks, their elements in the order of the schema. */
export const adaptationSets = (description: StreamDescription, viewing: Viewing): readonly object[] =>
  description.tracks.flatMap<AdaptationSet>(setsOf).map((set, index) => ({
    '@id': index,
    '@contentType': set.kind,
    '@mimeType': `${set.kind}/mp4`,
    ...(set.kind === 'audio' && set.language !== undefined ? { '@lang': set.language } : {}),
    '@segmentAlignment': 'true',
    // Of a copied picture that can't be said: its keyframes lie where the camera put them.
    ...(beginsAnywhere(set) ? { '@startWithSAP': 1 } : {}),
    ...(set.kind === 'video' ? sizeOf(set.representations) : soundOf(set.representations)),
    // The camera's own is the one to be preferred, by those who can decode it.
    ...(set.copied ? { '@selectionPriority': 2 } : {}),
    ...(set.kind === 'audio' ? { AudioChannelConfiguration: channelsOf(set.representations) } : {}),
    // Media time is capture time: no offset between them.
    ProducerReferenceTime: {
      '@id': index,
      '@type': 'captured',
      '@inband': 'true',
      '@wallClockTime': EPOCH,
      '@presentationTime': 0,
      UTCTiming: utcTiming(CLOCK),
    },
    // Each fragment can be told by its marker, and one starts at least this often.
    Resync: { '@type': 0, '@dT': ticksOfSeconds(description.fragmentDuration), '@marker': 'true' },
    ...(set.kind === 'audio' ? { Role: { '@schemeIdUri': 'urn:mpeg:dash:role:2011', '@value': 'main' } } : {}),
    SegmentTemplate: segmentTemplate(description, set, viewing),
    Representation: shown(description, set),
  }));

function setsOf(track: Track): readonly AdaptationSet[] {
  switch (track.kind) {
    case 'video':
      return grouped(track.representations, () => '').map((set) => ({ kind: 'video', ...set }));
    case 'audio': {
      const { kind, language } = track;
      return grouped(track.representations, soundKey).map((set) => ({ kind, language, ...set }));
    }
  }
}

/** What a decoder is set up for. */
const soundKey = ({ codecs, sampleRate, channels }: AudioRepresentation): string =>
  [codecs, sampleRate, channels].join();

/** Each copied one alone, and first; the others by what must be the same to be switched between. */
function grouped<One extends Representation>(
  all: readonly One[],
  key: (representation: One) => string,
): readonly (Switchable & { readonly representations: readonly One[] })[] {
  const copies = all.filter(({ copied }) => copied === true);
  const others = Map.groupBy(
    all.filter(({ copied }) => copied !== true),
    key,
  );
  return [
    ...copies.map((copy) => ({ copied: true, representations: [copy] })),
    ...[...others.values()].map((representations) => ({ copied: false, representations })),
  ];
}

/** Whether each of its segments can be decoded by itself. */
const beginsAnywhere = ({ kind, copied }: AdaptationSet): boolean => kind === 'audio' || !copied;

const sizeOf = (representations: readonly VideoRepresentation[]): object => ({
  '@maxWidth': Math.max(...representations.map(({ width }) => width)),
  '@maxHeight': Math.max(...representations.map(({ height }) => height)),
});

/** The same for all in a set. */
const soundOf = ([first]: readonly AudioRepresentation[]): object => ({ '@audioSamplingRate': first?.sampleRate });

const channelsOf = ([first]: readonly AudioRepresentation[]): object => ({
  '@schemeIdUri': 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011',
  '@value': first?.channels,
});

/** With server-side switching a player sees one representation of the picture, and the edge chooses what is behind it. */
function shown({ serverSideRepresentationSwitching }: StreamDescription, set: AdaptationSet): readonly object[] {
  switch (set.kind) {
    case 'video':
      return set.representations.slice(0, serverSideRepresentationSwitching ? 1 : undefined).map((representation) => ({
        ...shownOfAny(representation),
        '@width': representation.width,
        '@height': representation.height,
        '@frameRate': frameRate(representation.frameRate),
      }));
    case 'audio':
      return set.representations.map(shownOfAny);
  }
}

const shownOfAny = ({ id, codecs, bandwidth }: Representation): object => ({
  '@id': id,
  '@codecs': codecs,
  '@bandwidth': bandwidth,
});

function segmentTemplate(description: StreamDescription, set: AdaptationSet, { token, joined }: Viewing): object {
  const query = queryOf({ token });
  const joining = beginsAnywhere(set) ? query : queryOf({ [JOIN_PARAMETER]: joined, token });
  return {
    '@timescale': TIMESCALE,
    '@duration': ticksOfSeconds(description.segmentDuration),
    '@startNumber': 0,
    '@availabilityTimeOffset': decimal(description.segmentDuration - firstFragmentAfter(description, set)),
    '@availabilityTimeComplete': 'false',
    '@initialization': `init-stream$RepresentationID$.m4s${query}`,
    '@media': `chunk-stream$RepresentationID$-$Number$.m4s${joining}`,
  };
}

/**
 * When a segment's first fragment can be there, after its start: it is complete with its last frame, and that is captured
 * at the frame's beginning. Asked for a fragment's duration after the start, it would be late by a frame's time. (A frame
 * of sound is there when it has ended: what is asked for before waits for that long.)
 */
function firstFragmentAfter({ fragmentDuration }: StreamDescription, { representations }: AdaptationSet): Seconds {
  const shortest = Math.min(...representations.map(frameDurationOf));
  const frames = Math.max(1, Math.ceil(fragmentDuration / shortest - 0.01));
  // Not nothing: Shaka takes a segment without an offset into itself for a whole one.
  return seconds(Math.max(0.001, (frames - 1) * shortest));
}
