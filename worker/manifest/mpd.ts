import { XMLBuilder } from 'fast-xml-parser';
import type { Representation, StreamDescription } from '../../protocol/description.ts';
import { seconds, TIMESCALE, ticksOfSeconds, type Seconds } from '../../protocol/units.ts';

/**
 * The manifest of an epoch-locked stream (ISO/IEC 23009-1, DASH-IF low-latency live): a pure function of the stream's
 * description. It never changes while a stream runs, whatever restarts.
 */
export interface MpdContext {
  /** Scheme and host that players reach the edge under. */
  readonly origin: string;
  /** Goes into the URLs of init and media segments, so that players carry it along. */
  readonly token: string | undefined;
}

/** Everything is counted from here: media time 0 of every stream. */
const EPOCH = '1970-01-01T00:00:00Z';

export function mpd(description: StreamDescription, context: MpdContext): string {
  return BUILDER.build({
    '?xml': { '@version': '1.0', '@encoding': 'utf-8' },
    MPD: {
      '@xmlns': 'urn:mpeg:dash:schema:mpd:2011',
      '@profiles': 'urn:mpeg:dash:profile:isoff-live:2011,http://www.dashif.org/guidelines/low-latency-live-v5',
      '@type': 'dynamic',
      '@availabilityStartTime': EPOCH,
      // The manifest of this description has been the same since ever.
      '@publishTime': EPOCH,
      '@minimumUpdatePeriod': 'PT10S',
      '@timeShiftBufferDepth': duration(description.timeShift),
      '@maxSegmentDuration': duration(description.segmentDuration),
      '@minBufferTime': duration(description.targetLatency),
      '@suggestedPresentationDelay': duration(description.targetLatency),
      ProgramInformation: { Title: description.title.replaceAll(NO_XML, '\uFFFD') },
      ServiceDescription: serviceDescription(description),
      Period: {
        '@id': '0',
        '@start': 'PT0S',
        AdaptationSet: description.tracks.map((track, index) => ({
          '@id': index,
          '@contentType': track.kind,
          '@mimeType': 'video/mp4',
          '@segmentAlignment': 'true',
          '@startWithSAP': 1,
          '@maxWidth': Math.max(...track.representations.map((representation) => representation.width)),
          '@maxHeight': Math.max(...track.representations.map((representation) => representation.height)),
          // Media time is capture time: no offset between them.
          ProducerReferenceTime: {
            '@id': 0,
            '@type': 'captured',
            '@inband': 'true',
            '@wallClockTime': EPOCH,
            '@presentationTime': 0,
            UTCTiming: utcTiming(context.origin),
          },
          // Each fragment can be told by its marker, and one starts at least this often.
          Resync: { '@type': 0, '@dT': ticksOfSeconds(description.fragmentDuration), '@marker': 'true' },
          SegmentTemplate: segmentTemplate(description, track.representations, context.token),
          Representation: listed(description, track.representations).map((representation) => ({
            '@id': representation.id,
            '@codecs': representation.codecs,
            '@bandwidth': representation.bandwidth,
            '@width': representation.width,
            '@height': representation.height,
            '@frameRate': frameRate(representation.frameRate),
          })),
        })),
      },
      UTCTiming: utcTiming(context.origin),
    },
  });
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
  token: string | undefined,
): object {
  const query = token === undefined ? '' : `?token=${encodeURIComponent(token)}`;
  return {
    '@timescale': TIMESCALE,
    '@duration': ticksOfSeconds(description.segmentDuration),
    '@startNumber': 0,
    '@availabilityTimeOffset': decimal(description.segmentDuration - firstFragmentAfter(description, representations)),
    '@availabilityTimeComplete': 'false',
    '@initialization': `init-stream$RepresentationID$.m4s${query}`,
    '@media': `chunk-stream$RepresentationID$-$Number$.m4s${query}`,
  };
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

const utcTiming = (origin: string): object => ({
  '@schemeIdUri': 'urn:mpeg:dash:utc:http-xsdate:2014',
  '@value': `${origin}/isotime`,
});

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
