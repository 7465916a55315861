import { XMLBuilder } from 'fast-xml-parser';
import type { Representation, StreamDescription } from '../../protocol/description.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { seconds, TIMESCALE, ticksOfSeconds, type Seconds } from '../../protocol/units.ts';
import { hasCopies, JOIN_PARAMETER } from '../joining.ts';

/**
 * The manifest of an epoch-locked stream (ISO/IEC 23009-1, DASH-IF low-latency live): a pure function of the stream's
 * description. It never changes while a stream runs, whatever restarts.
 */
export interface MpdContext extends Viewing {
  /** Scheme and host that the edge was asked under. Behind a proxy players may reach it under others. */
  readonly origin: string;
}

/** What is one player's own. */
interface Viewing {
  /** Goes into the URLs of init and media segments, so that players carry it along. */
  readonly token: string | undefined;
  /** The segment that the player is to begin with, where that matters: see `joining.ts`. */
  readonly joined: SegmentNumber | undefined;
}

/** Everything is counted from here: media time 0 of every stream. */
const EPOCH = '1970-01-01T00:00:00Z';

/** Seen from the manifest: whatever path the edge is below, and whatever it is called there. */
const CLOCK = '../isotime';

export function mpd(description: StreamDescription, { origin, ...viewing }: MpdContext): string {
  const { AdaptationSet, ...rest } = contentOf(description, viewing);
  const everyones = contentOf(description, { token: undefined, joined: undefined });
  return BUILDER.build({
    '?xml': { '@version': '1.0', '@encoding': 'utf-8' },
    MPD: {
      '@xmlns': 'urn:mpeg:dash:schema:mpd:2011',
      '@profiles': 'urn:mpeg:dash:profile:isoff-live:2011,http://www.dashif.org/guidelines/low-latency-live-v5',
      '@type': 'dynamic',
      '@availabilityStartTime': EPOCH,
      '@publishTime': publishTime(fingerprint(everyones)),
      ...rest,
      // What is described otherwise is another period: players fetch its initialization segments anew.
      Period: { '@id': fingerprint(everyones.AdaptationSet).toString(36), '@start': 'PT0S', AdaptationSet },
      // Players take the first that they can read. One that knows no relative address here (ExoPlayer) takes the last.
      UTCTiming: [utcTiming(CLOCK), utcTiming(`${origin}/isotime`)],
    },
  });
}

/** All that the description says of, in the order of the schema. */
const contentOf = (description: StreamDescription, viewing: Viewing) => ({
  '@minimumUpdatePeriod': 'PT10S',
  '@timeShiftBufferDepth': duration(description.timeShift),
  '@maxSegmentDuration': duration(description.segmentDuration),
  '@minBufferTime': duration(description.targetLatency),
  '@suggestedPresentationDelay': duration(description.targetLatency),
  ProgramInformation: { Title: description.title.replaceAll(NO_XML, '\uFFFD') },
  ...location(description, viewing),
  ServiceDescription: serviceDescription(description),
  AdaptationSet: description.tracks.flatMap(switchable).map(({ kind, representations, copied }, index) => ({
    '@id': index,
    '@contentType': kind,
    '@mimeType': 'video/mp4',
    '@segmentAlignment': 'true',
    // Of a copied one that can't be said: its keyframes lie where the camera put them.
    ...(copied ? {} : { '@startWithSAP': 1 }),
    '@maxWidth': Math.max(...representations.map(({ width }) => width)),
    '@maxHeight': Math.max(...representations.map(({ height }) => height)),
    // The camera's own picture is the one to be preferred, by those who can decode it.
    ...(copied ? { '@selectionPriority': 2 } : {}),
    // Media time is capture time: no offset between them.
    ProducerReferenceTime: {
      '@id': 0,
      '@type': 'captured',
      '@inband': 'true',
      '@wallClockTime': EPOCH,
      '@presentationTime': 0,
      UTCTiming: utcTiming(CLOCK),
    },
    // Each fragment can be told by its marker, and one starts at least this often.
    Resync: { '@type': 0, '@dT': ticksOfSeconds(description.fragmentDuration), '@marker': 'true' },
    SegmentTemplate: segmentTemplate(description, representations, viewing),
    Representation: listed(description, representations).map((representation) => ({
      '@id': representation.id,
      '@codecs': representation.codecs,
      '@bandwidth': representation.bandwidth,
      '@width': representation.width,
      '@height': representation.height,
      '@frameRate': frameRate(representation.frameRate),
    })),
  })),
});

/** Representations between which a player may switch at any segment: none of them from or to a copied one. */
function switchable({ kind, representations }: StreamDescription['tracks'][number]): {
  readonly kind: 'video';
  readonly copied: boolean;
  readonly representations: readonly Representation[];
}[] {
  const copies = representations.filter(({ copied }) => copied === true);
  const others = representations.filter(({ copied }) => copied !== true);
  return [
    ...copies.map((copy) => ({ kind, copied: true, representations: [copy] })),
    ...(others.length === 0 ? [] : [{ kind, copied: false, representations: others }]),
  ];
}

/** With server-side switching a player sees one representation, and the edge chooses what is behind it. */
const listed = (
  description: StreamDescription,
  representations: readonly Representation[],
): readonly Representation[] =>
  description.serverSideRepresentationSwitching ? representations.slice(0, 1) : representations;

function serviceDescription({ targetLatency, saveStats }: StreamDescription): object {
  const target = Math.round(targetLatency * 1000);
  return {
    '@id': 0,
    // dash.js seeks to the live edge when it is later than max + 0.5 s, and plays faster or slower within: near its
    // target by a small part of what PlaybackRate allows, so that with 0.95 to 1.05 it takes a minute to get there.
    Latency: { '@referenceId': 0, '@target': target, '@min': Math.round(target / 2), '@max': 2 * target },
    PlaybackRate: { '@min': '0.9', '@max': '1.1' },
    ...(saveStats === true ? { ClientDataReporting: CLIENT_DATA_REPORTING } : {}),
  };
}

/** Asks players to say how they do with each request for a segment (CTA-5004; DASH-IF, CMCD in DASH). */
const CLIENT_DATA_REPORTING = {
  CMCDParameters: {
    '@schemeIdUri': 'urn:dashif:cta-5004:2025',
    '@version': 2,
    '@mode': 'query',
    '@keys': 'br bl bs ltc sid',
    '@includeInRequests': 'segment',
  },
};

function segmentTemplate(
  description: StreamDescription,
  representations: readonly Representation[],
  { token, joined }: Viewing,
): object {
  const query = queryOf({ token });
  const copied = representations.some((representation) => representation.copied === true);
  return {
    '@timescale': TIMESCALE,
    '@duration': ticksOfSeconds(description.segmentDuration),
    '@startNumber': 0,
    '@availabilityTimeOffset': decimal(description.segmentDuration - firstFragmentAfter(description, representations)),
    '@availabilityTimeComplete': 'false',
    '@initialization': `init-stream$RepresentationID$.m4s${query}`,
    '@media': `chunk-stream$RepresentationID$-$Number$.m4s${copied ? queryOf({ [JOIN_PARAMETER]: joined, token }) : query}`,
  };
}

/** Where a player asks for the manifest again: one who has joined a copied stream keeps to what it has joined with. */
const location = (description: StreamDescription, { token, joined }: Viewing): object =>
  hasCopies(description) && joined !== undefined
    ? { Location: `manifest.mpd${queryOf({ [JOIN_PARAMETER]: joined, token })}` }
    : {};

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/**
 * When a segment's first fragment can be there, after its start: it is complete with its last frame, and that is captured
 * at the frame's beginning. Asked for a fragment's duration after the start, it would be late by a frame's time.
 */
function firstFragmentAfter(
  { fragmentDuration }: StreamDescription,
  representations: readonly Representation[],
): Seconds {
  const fastest = Math.max(...representations.map(({ frameRate }) => frameRate));
  const frames = Math.max(1, Math.ceil(fragmentDuration * fastest - 0.01));
  // Not nothing: Shaka takes a segment without an offset into itself for a whole one.
  return seconds(Math.max(0.001, (frames - 1) / fastest));
}

const utcTiming = (url: string): object => ({
  '@schemeIdUri': 'urn:mpeg:dash:utc:http-xsdate:2014',
  '@value': url,
});

/** The same for the same content, whoever makes it and when: FNV-1a of 32 bits, of its JSON. */
function fingerprint(content: unknown): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(content))) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Tells one manifest from another. Nothing remembers since when there is it, so each has some moment of the past: within the
 * first second of 1970, for FFmpeg counts segments from it, in whole seconds, where the availability start time is 0.
 */
const publishTime = (which: number): string => `1970-01-01T00:00:00.${String(which % 1e9).padStart(9, '0')}Z`;

const decimal = (value: number): string => String(Number(value.toFixed(3)));
const duration = (value: Seconds): string => `PT${decimal(value)}S`;

/** ISO/IEC 23009-1, FrameRateType: a ratio where it is no whole number. */
const frameRate = (value: number): string =>
  Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}/1000`;

/** What no XML document may hold, escaped or not (XML 1.0, 2.2). */
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const BUILDER = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressBooleanAttributes: false,
  format: true,
});
