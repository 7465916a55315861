import * as z from 'zod';
import { representationIdSchema } from './names.ts';
import { seconds } from './units.ts';

const positiveSeconds = (max: number) => z.number().positive().max(max).transform(seconds);

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
});
export type Representation = z.infer<typeof representationSchema>;

/** A track: representations a player may switch between. */
export const trackSchema = z.object({
  kind: z.literal('video'),
  representations: z.array(representationSchema).min(1).max(16),
});

/**
 * What an agent tells the edge of a stream: all that its manifest is made of. `tracks` is empty until the first frame
 * was encoded, because only then the codecs are known.
 */
export const streamDescriptionSchema = z.object({
  /** For people. */
  title: z.string().max(200),
  segmentDuration: positiveSeconds(60),
  fragmentDuration: positiveSeconds(60),
  targetLatency: positiveSeconds(60),
  /** Depth of the time-shift buffer. */
  timeShift: positiveSeconds(3600),
  /** Whether the edge picks the representation of each segment (SSRS). */
  serverSideRepresentationSwitching: z.boolean(),
  /** Whether anyone may play it, where playback otherwise needs a token. */
  public: z.boolean(),
  tracks: z.array(trackSchema).max(8),
  /** Whether figures of each client's requests are kept. */
  saveStats: z.boolean().optional(),
  /** The stream as its configuration defines it, free of credentials: JSON, for `/conf` to show. */
  definition: z.string().max(20_000).optional(),
});
export type StreamDescription = z.infer<typeof streamDescriptionSchema>;
