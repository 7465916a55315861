import { XMLBuilder } from 'fast-xml-parser';
import type { StreamDescription } from '../../protocol/description.ts';
import { hasCopies, JOIN_PARAMETER } from '../joining.ts';
import { adaptationSets } from './adaptation-sets.ts';
import { CLOCK, duration, EPOCH, queryOf, utcTiming } from './values.ts';
import type { Viewing } from './viewing.ts';

/**
 * The manifest of an epoch-locked stream (ISO/IEC 23009-1, DASH-IF low-latency live): a pure function of the stream's
 * description. It never changes while a stream runs, whatever restarts.
 */
export interface MpdContext extends Viewing {
  /** Scheme and host that the edge was asked under. Behind a proxy players may reach it under others. */
  readonly origin: string;
}

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
  AdaptationSet: adaptationSets(description, viewing),
});

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

/** Where a player asks for the manifest again: one who has joined a copied stream keeps to what it has joined with. */
const location = (description: StreamDescription, { token, joined }: Viewing): object =>
  hasCopies(description) && joined !== undefined
    ? { Location: `manifest.mpd${queryOf({ [JOIN_PARAMETER]: joined, token })}` }
    : {};

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

/** What no XML document may hold, escaped or not (XML 1.0, 2.2). */
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const BUILDER = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressBooleanAttributes: false,
  format: true,
});
