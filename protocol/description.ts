import * as z from 'zod';
import { representationIdSchema } from './names.ts';
import { seconds } from './units.ts';

const secondsBetween = (min: number, max: number) => z.number().min(min).max(max).transform(seconds);

/** One encoding of a track (ISO/IEC 23009-1, 5.3.5). */
export const representationSchema = z.object({
  id: representationIdSchema,
  /** RFC 6381, e.g. `avc1.64001f`; read from the stream itself, never guessed. */
  codecs: z.string().regex(/^[A-Za-z0-9.]{4,32}$/),
  /** Bits per second. */
  bandwidth: z.int().positive(),
  width: z.int().positive().max(16384),
  height: z.int().positive().max(16384),
  /** Frames per second. */
  frameRate: z.number().positive().max(1000),
  /** The camera's own stream as it is: its segments are slices of time, and begin with a keyframe only by chance. */
  copied: z.boolean().optional(),
});
export type Representation = z.infer<typeof representationSchema>;

/** A track: representations a player may switch between. */
export const trackSchema = z.object({
  kind: z.literal('video'),
  representations: z.array(representationSchema).min(1).max(16),
});

function haveOwnIds(tracks: readonly z.infer<typeof trackSchema>[]): boolean {
  const ids = tracks.flatMap((track) => track.representations.map(({ id }) => id));
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
