import * as z from 'zod';
import { representationIdSchema, type RepresentationId } from './names.ts';
import { seconds, type Seconds } from './units.ts';

const secondsBetween = (min: number, max: number) => z.number().min(min).max(max).transform(seconds);

/** What all encodings of a track have (ISO/IEC 23009-1, 5.3.5). */
const common = {
  /** Numbered over all tracks: those of sound count on after the picture's. */
  id: representationIdSchema,
  /** RFC 6381, e.g. `avc1.64001f`, `mp4a.40.2`, `opus`; read from the stream itself, never guessed. */
  codecs: z.string().regex(/^[A-Za-z0-9.-]{4,32}$/),
  /** Bits per second. */
  bandwidth: z.int().positive(),
  /**
   * The camera's own stream as it is. Of a picture: its segments are slices of time, and begin with a keyframe only by
   * chance. Of sound each frame is one.
   */
  copied: z.boolean().optional(),
  /** Made only while somebody asks for it: whoever does has to be told of. */
  onDemand: z.boolean().optional(),
};

/** One encoding of the picture. */
export const videoRepresentationSchema = z.object({
  ...common,
  width: z.int().positive().max(16384),
  height: z.int().positive().max(16384),
  /** Frames per second. */
  frameRate: z.number().positive().max(1000),
});
export type VideoRepresentation = z.infer<typeof videoRepresentationSchema>;

/** One encoding of the sound. */
export const audioRepresentationSchema = z.object({
  ...common,
  /** Samples per second; its boxes count in them. */
  sampleRate: z.int().min(4000).max(192_000),
  channels: z.int().min(1).max(24),
  /** How long a frame of the codec lasts: 1024 samples of AAC-LC, 20 ms of Opus. */
  frameDuration: secondsBetween(0.001, 1),
});
export type AudioRepresentation = z.infer<typeof audioRepresentationSchema>;

export type Representation = VideoRepresentation | AudioRepresentation;

/** A track: representations a player may choose from. */
export const trackSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('video'), representations: z.array(videoRepresentationSchema).min(1).max(16) }),
  z.object({
    kind: z.literal('audio'),
    /** Spoken in it: a language tag (BCP 47). */
    language: z
      .string()
      .max(35)
      .regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/)
      .optional(),
    representations: z.array(audioRepresentationSchema).min(1).max(16),
  }),
]);
export type Track = z.infer<typeof trackSchema>;

interface Tracks {
  readonly tracks: readonly Track[];
}

/** Those of all tracks. */
export const representationsOf = ({ tracks }: Tracks): readonly Representation[] =>
  tracks.flatMap<Representation>(({ representations }) => representations);

/** The one of this id, if there is one. */
export const representationOf = (tracks: Tracks, id: RepresentationId): Representation | undefined =>
  representationsOf(tracks).find((one) => one.id === id);

/** Whether it is one of sound. */
export const isSound = (representation: Representation): representation is AudioRepresentation =>
  'sampleRate' in representation;

/** Those of the picture. */
export const videoRepresentationsOf = (tracks: Tracks): readonly VideoRepresentation[] =>
  representationsOf(tracks).filter((one): one is VideoRepresentation => !isSound(one));

/** How long one frame of it lasts. */
export const frameDurationOf = (representation: Representation): Seconds =>
  isSound(representation) ? representation.frameDuration : seconds(1 / representation.frameRate);

function haveOwnIds(tracks: readonly Track[]): boolean {
  const ids = representationsOf({ tracks }).map(({ id }) => id);
  return new Set(ids).size === ids.length;
}

/** One that is none would spoil `/conf` for all streams. */
function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/**
 * What an agent tells the edge of a stream: all that its manifest is made of. `tracks` is empty until the first frame
 * was encoded, because only then the codecs are known.
 */
export const streamDescriptionSchema = z.object({
  /** For people. */
  title: z.string().max(200),
  segmentDuration: secondsBetween(0.1, 60),
  fragmentDuration: secondsBetween(0.001, 60),
  targetLatency: secondsBetween(0.001, 60),
  /** Depth of the time-shift buffer. */
  timeShift: secondsBetween(0, 3600),
  /** Whether the edge picks the representation of each segment (SSRS). */
  serverSideRepresentationSwitching: z.boolean(),
  /** Whether anyone may play it, where playback otherwise needs a token. */
  public: z.boolean(),
  tracks: z.array(trackSchema).max(8).refine(haveOwnIds, 'expected an id of its own for each representation'),
  /** Whether figures of each client's requests are kept. */
  saveStats: z.boolean().optional(),
  /** The stream as its configuration defines it, free of credentials: JSON, for `/conf` to show. */
  definition: z.string().max(20_000).refine(isJsonObject, 'expected a JSON object').optional(),
});
export type StreamDescription = z.infer<typeof streamDescriptionSchema>;
