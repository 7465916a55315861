import * as z from 'zod';
import { streamNameSchema } from '../../protocol/names.ts';
import { MIN_SECRET_LENGTH } from '../../protocol/token.ts';
import { seconds } from '../../protocol/units.ts';
import { parseRtspUrl } from './rtsp-url.ts';

/**
 * `config.json` and `streams.json`: the original Fast-ll's keys, unchanged, and this one's. Numbers may be strings, as in
 * the original's examples.
 */
const numeric = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\s*-?\d+(\.\d+)?\s*$/)
        .transform(Number),
    ],
    {
      error: (issue) => `expected a number, or one as a string, got ${JSON.stringify(issue.input)}`,
    },
  )
  .refine(Number.isFinite);

const between = (min: number, max: number, unit: string) =>
  numeric.refine((value) => value >= min && value <= max, {
    error: (issue) => `expected ${min} to ${max} ${unit}, got ${String(issue.input)}`,
  });

const whole = (min: number, max: number, unit: string) =>
  between(min, max, unit).refine(Number.isInteger, {
    error: (issue) => `expected a whole number, got ${String(issue.input)}`,
  });

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
  error: (issue) => `expected true or false, got ${JSON.stringify(issue.input)}`,
});

const duration = (min: number, max: number) => between(min, max, 'seconds').transform(seconds);

const rtspUrl = z.string().transform((text, context) => {
  const url = parseRtspUrl(text);
  if (url !== undefined) return url;
  // Not the value itself: it may hold a password.
  context.addIssue({ code: 'custom', message: 'expected a URL like rtsp://user:password@host:554/path' });
  return z.NEVER;
});

const videoQuality = z.object({
  /** Pixels; the height follows, in proportion and even. */
  targetWidth: whole(16, 7680, 'pixels').refine((width) => width % 2 === 0, {
    error: (issue) => `expected an even number of pixels, got ${String(issue.input)}`,
  }),
  /** kbit/s. */
  targetBitrate: between(10, 100_000, 'kbit/s'),
});

const widthsOf = (qualities: readonly VideoQuality[]): Set<number> =>
  new Set(qualities.map((quality) => quality.targetWidth));

const common = {
  /** For people. */
  name: z.string().max(200),
  /** Key in the URL. */
  stream: streamNameSchema,
  targetFps: between(1, 120, 'frames per second').prefault('24'),
  segmentDuration: duration(0.2, 30).prefault('1'),
  fragmentDuration: duration(0.005, 30).prefault('0.1'),
  targetLatency: duration(0.02, 60).prefault('0.5'),
  /** Frames between intra frames; the first of a segment always is one. */
  intraInterval: whole(1, 100_000, 'frames').prefault('24'),
  serverSideRepresentationSwitching: flag.prefault(false),
  saveStats: flag.prefault(false),
  /** Depth of the time-shift buffer. */
  timeShift: duration(0, 600).prefault('30'),
  /** Whether the camera runs while nobody watches. */
  alwaysOn: flag.prefault(false),
  /** Whether everyone may play it where playback needs a token. */
  public: flag.prefault(false),
  qualities: z.object({ video: z.array(videoQuality).min(1).max(16) }),
};

const streamEntry = z
  .discriminatedUnion('type', [
    z.object({ ...common, type: z.literal('GEN') }),
    z.object({
      ...common,
      type: z.literal('RTSP'),
      input: rtspUrl,
      /** What carries RTP: TCP gets through everything, UDP loses. */
      transport: z.enum(['tcp', 'udp']).prefault('tcp'),
    }),
  ])
  .refine((stream) => stream.fragmentDuration <= stream.segmentDuration, {
    path: ['fragmentDuration'],
    error: 'expected no more than segmentDuration',
  })
  .refine((stream) => !stream.serverSideRepresentationSwitching || widthsOf(stream.qualities.video).size === 1, {
    path: ['qualities', 'video'],
    error: (issue) => {
      const widths = [...widthsOf((issue.input as { qualities: { video: VideoQuality[] } }).qualities.video)];
      return `expected one targetWidth for all with serverSideRepresentationSwitching, got ${widths.join(', ')}`;
    },
  })
  .refine((stream) => stream.segmentDuration * stream.targetFps >= 2, {
    path: ['segmentDuration'],
    error: 'expected room for two frames of targetFps at least',
  });
export type StreamConfig = z.output<typeof streamEntry>;
export type VideoQuality = z.output<typeof videoQuality>;

export const streamsSchema = z
  .array(streamEntry)
  .min(1)
  .superRefine((streams, context) => {
    streams.forEach(({ stream }, index) => {
      const first = streams.findIndex((other) => other.stream === stream);
      if (first === index) return;
      context.addIssue({ code: 'custom', path: [index, 'stream'], message: `"${stream}" is taken by stream ${first}` });
    });
  });

const fileName = z.string().min(1);

export const configSchema = z
  .object({
    verbose: flag.prefault(false),
    /** File with the streams' definitions. */
    streams: fileName,
    /** FFmpeg to use; else FFMPEG_PATH, PATH, or the one that comes with Fast-ll. */
    ffmpeg: fileName.optional(),
    host: z.string().min(1).optional(),
    port: whole(0, 65_535, 'as a port').optional(),
    sslKeyFile: fileName.optional(),
    sslCertFile: fileName.optional(),
    /** By how much the clock at /isotime runs late. */
    timeDisplacement: duration(-3600, 3600).prefault('0'),
    waitForAbsentSegment: flag.prefault(true),
    /** Who may play at the embedded edge. */
    playback: z.enum(['open', 'token']).prefault('open'),
    /** Signs tokens at the embedded edge; else FASTLL_SECRET, or one made for this run. */
    secret: z.string().min(MIN_SECRET_LENGTH).optional(),
    /** An edge elsewhere, instead of the embedded one. */
    edge: z.url({ protocol: /^https?$/ }).optional(),
    /** Publish token for the edge elsewhere; else FASTLL_TOKEN. */
    token: z.string().min(1).optional(),
  })
  .superRefine((config, context) => {
    if (config.edge === undefined) {
      for (const key of ['host', 'port'] as const) {
        if (config[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: 'is missing' });
      }
    }
    if ((config.sslKeyFile === undefined) !== (config.sslCertFile === undefined)) {
      const missing = config.sslKeyFile === undefined ? 'sslKeyFile' : 'sslCertFile';
      context.addIssue({ code: 'custom', path: [missing], message: 'is missing: both are needed for HTTPS' });
    }
  });
export type ConfigFile = z.output<typeof configSchema>;
