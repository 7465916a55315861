import * as z from 'zod';

/**
 * The names that appear in URLs. Their grammar leaves no room for path tricks: what does not match is not a name.
 */
declare const name: unique symbol;
type Name<T, Kind extends string> = T & { readonly [name]: Kind };

/** Key of a stream in the URL. Holds no `-`: in `/{stream}-{client}/…` the first one ends the stream's name. */
export type StreamName = Name<string, 'stream'>;
/** What a viewer calls itself, for statistics. */
export type ClientName = Name<string, 'client'>;
/** `$RepresentationID$` of the manifest; unique within a stream. */
export type RepresentationId = Name<string, 'representation'>;
/** `$Number$` of the manifest. Epoch-locked streams count from 1970; pushed ones as their encoder does. */
export type SegmentNumber = Name<number, 'segment'>;

export const STREAM_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.~]{0,63}$/;
const CLIENT_NAME = /^[A-Za-z0-9_.~-]{1,64}$/;
const REPRESENTATION_ID = /^[0-9]{1,3}$/;
const SEGMENT_NUMBER = /^[0-9]{1,15}$/;

/** First path parts that mean something else, so that no stream may be called so. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['api', 'assets', 'conf', 'isotime', 'ssss', 'version']);

export const isStreamName = (text: string): text is StreamName => STREAM_NAME.test(text) && !RESERVED_NAMES.has(text);
export const isClientName = (text: string): text is ClientName => CLIENT_NAME.test(text);
export const isRepresentationId = (text: string): text is RepresentationId => REPRESENTATION_ID.test(text);

/** Decimal, leading zeros allowed (FFmpeg's dash muxer writes `00001`). */
export const parseSegmentNumber = (text: string): SegmentNumber | undefined =>
  SEGMENT_NUMBER.test(text) ? segmentNumber(Number(text)) : undefined;

export const segmentNumber = (value: number): SegmentNumber => value as SegmentNumber;

export const streamNameSchema = z.string().refine(isStreamName, {
  error: ({ input }) =>
    `expected a stream name: 1 to 64 of A-Z a-z 0-9 _ . ~ (no "-"), not starting with "." or "~", and none of ${[...RESERVED_NAMES].join(', ')}; got ${JSON.stringify(input)}`,
});
export const representationIdSchema = z.string().refine(isRepresentationId, {
  error: 'expected a representation id: 1 to 3 digits',
});
