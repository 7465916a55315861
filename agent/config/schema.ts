import * as z from 'zod';
import { RESERVED_NAMES, STREAM_NAME, streamNameSchema } from '../../protocol/names.ts';
import { seconds } from '../../protocol/units.ts';
import { deviceProblem, ENCODERS } from '../encoders/encoder.ts';
import { parseInput } from '../ffmpeg/input.ts';
import { inputOptionsProblem } from '../ffmpeg/input-options.ts';
import { parseCameraUrl } from '../rtsp/camera-url.ts';
import { publishTokenSchema, secretSchema } from './credentials.ts';
import { shown } from './shown.ts';

/**
 * `config.json` and `streams.json`: the original Fast-ll's keys, unchanged, and this one's. Numbers may be strings, as in
 * the original's examples.
 *
 * Descriptions and what `meta` says are for editors: `json-schema.ts` makes JSON schemas of them. What a `refine` checks and
 * JSON Schema can say, `meta` says beside it.
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
      error: (issue) => `expected a number, or one as a string, got ${shown(issue.input)}`,
    },
  )
  .refine(Number.isFinite);

const between = (min: number, max: number, unit: string) =>
  numeric
    .refine((value) => value >= min && value <= max, {
      error: (issue) => `expected ${min} to ${max} ${unit}, got ${String(issue.input)}`,
    })
    .meta({ minimum: min, maximum: max });

const whole = (min: number, max: number, unit: string) =>
  between(min, max, unit)
    .refine(Number.isInteger, {
      error: (issue) => `expected a whole number, got ${String(issue.input)}`,
    })
    .meta({ multipleOf: 1 });

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
  error: (issue) => `expected true or false, got ${shown(issue.input)}`,
});

const duration = (min: number, max: number) => between(min, max, 'seconds').transform(seconds);

/** What `parse` makes of a text, or the problem that it has with it. */
const parsedBy =
  <Parsed extends object>(parse: (text: string) => Parsed | { readonly problem: string }) =>
  (text: string, context: z.RefinementCtx): Parsed => {
    const parsed = parse(text);
    if (!('problem' in parsed)) return parsed;
    context.addIssue({ code: 'custom', message: parsed.problem });
    return z.NEVER;
  };

const rtspUrl = z.string().meta({ pattern: '^rtsps?://' }).transform(parsedBy(parseCameraUrl));

const ffmpegInput = z
  .string({ error: ({ input }) => `expected what FFmpeg is to read: a URL, a file or a device, got ${shown(input)}` })
  .min(1, { error: 'expected what FFmpeg is to read: a URL, a file or a device, got nothing', abort: true })
  .transform(parsedBy(parseInput));

const ffmpegOptions = z
  .array(z.string({ error: ({ input }) => `expected a text such as "-f", got ${shown(input)}` }), {
    error: ({ input }) => `expected an array of texts such as ["-f", "v4l2"], got ${shown(input)}`,
  })
  .superRefine((options, context) => {
    const problem = inputOptionsProblem(options);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const encodedQuality = z
  .object({
    copy: z.literal(false).optional(),
    targetWidth: whole(16, 7680, 'pixels')
      .refine((width) => width % 2 === 0, {
        error: (issue) => `expected an even number of pixels, got ${String(issue.input)}`,
      })
      .meta({ multipleOf: 2 })
      .describe('Width in pixels, even; the height follows, in proportion and even.'),
    targetBitrate: between(10, 100_000, 'kbit/s').describe('Bitrate in kbit/s.'),
    onDemand: flag.optional().describe('Whether it is made only while somebody watches it, beside a copy.'),
  })
  .describe('One encoding of the picture.');

const copiedQuality = z
  .object({ copy: z.literal(true).describe("The camera's own stream as it is: nothing is decoded.") })
  .describe("The camera's own stream, H.264 or H.265, as it is.");

const videoQuality = z.discriminatedUnion('copy', [encodedQuality, copiedQuality], {
  error: (issue) => `expected true or false, got ${shown((issue.input as { copy: unknown }).copy)}`,
});

export const isCopied = (quality: VideoQuality): quality is CopiedQuality => quality.copy === true;

/** Whether it is made only while somebody watches it. */
export const isOnDemand = (quality: VideoQuality): boolean => !isCopied(quality) && quality.onDemand === true;

/** The qualities that are encoded here, in order. */
export const encodedQualities = ({ qualities }: Pick<StreamConfig, 'qualities'>): readonly EncodedQuality[] =>
  qualities.video.filter((quality) => !isCopied(quality));

const widthsOf = (qualities: readonly VideoQuality[]): Set<number> =>
  new Set(qualities.flatMap((quality) => (isCopied(quality) ? [] : [quality.targetWidth])));

const common = {
  name: z.string().max(200).describe('Name for people.'),
  stream: streamNameSchema
    .meta({ pattern: STREAM_NAME.source, not: { enum: [...RESERVED_NAMES] } })
    .describe('Key in the URL: http[s]://host:port/{stream}/manifest.mpd. 1 to 64 of A-Z a-z 0-9 _ . ~, and no "-".'),
  targetFps: between(1, 120, 'frames per second')
    .prefault('24')
    .describe('Frames per second that are sent out; frames of the camera above it are left out.'),
  segmentDuration: duration(0.2, 30).prefault('1').describe('Length of a segment in seconds.'),
  fragmentDuration: duration(0.005, 30)
    .prefault('0.1')
    .describe('Length of a fragment in seconds, at most that of a segment: what is sent at once.'),
  targetLatency: duration(0.02, 60)
    .prefault('0.5')
    .describe('Seconds behind reality that players are told to aim for.'),
  intraInterval: whole(1, 100_000, 'frames')
    .prefault('24')
    .describe('Frames from one intra frame to the next; the first frame of a segment always is one.'),
  serverSideRepresentationSwitching: flag
    .prefault(false)
    .describe('Whether the edge chooses the quality of each segment (SSRS); all qualities need one targetWidth then.'),
  saveStats: flag.prefault(false).describe("Whether statistics of each client's requests are written to a file."),
  timeShift: duration(0, 600).prefault('30').describe('Depth of the time-shift buffer in seconds.'),
  encoder: z
    .enum(ENCODERS)
    .prefault('software')
    .describe('What encodes: software (x264), a chip by its name in FFmpeg, or auto, the first that fits.'),
  device: z
    .string()
    .optional()
    .describe('The chip that encodes, /dev/dri/renderD129 or with nvenc the number of a GPU; else the first.'),
  alwaysOn: flag.prefault(false).describe('Whether the camera runs while nobody watches.'),
  public: flag.prefault(false).describe('Whether everyone may play it where playback needs a token.'),
  qualities: z
    .object({ video: z.array(videoQuality).min(1).max(16).describe('Qualities of the picture, at least one.') })
    .describe('What the picture is shown as.'),
};

const streamEntry = z
  .discriminatedUnion('type', [
    z
      .object({ ...common, type: z.literal('GEN').describe('A test picture with a clock, made by FFmpeg.') })
      .meta({ title: 'A generated picture' }),
    z
      .object({
        ...common,
        type: z.literal('RTSP').describe('A camera.'),
        input: rtspUrl.describe('URL of the camera, with user name and password if it wants them, as they are.'),
        transport: z
          .enum(['tcp', 'udp'])
          .prefault('tcp')
          .describe('What carries the picture: tcp gets through everything, udp loses.'),
        via: z
          .enum(['agent', 'ffmpeg'])
          .prefault('agent')
          .describe(
            'Who speaks to the camera: the agent, or for odd ones FFmpeg; the agent goes over to that by itself.',
          ),
      })
      .meta({ title: 'An RTSP camera' }),
    z
      .object({
        ...common,
        type: z.literal('FFMPEG').describe('Whatever else FFmpeg reads.'),
        input: ffmpegInput.describe(
          'What FFmpeg reads: /dev/video0, http://camera/mjpeg, rtmp://0.0.0.0/live/key, srt://host:9000, a file.',
        ),
        inputOptions: ffmpegOptions
          .prefault([])
          .describe('What FFmpeg is told of it, a text each: ["-f", "v4l2", "-framerate", "25"].'),
      })
      .meta({ title: 'Whatever FFmpeg reads' }),
  ])
  .refine((stream) => stream.fragmentDuration <= stream.segmentDuration, {
    path: ['fragmentDuration'],
    error: ({ input }) => {
      const { fragmentDuration, segmentDuration } = input as { fragmentDuration: number; segmentDuration: number };
      return `expected no more than segmentDuration, ${segmentDuration}, got ${fragmentDuration}`;
    },
  })
  .refine((stream) => !stream.serverSideRepresentationSwitching || widthsOf(stream.qualities.video).size === 1, {
    path: ['qualities', 'video'],
    error: (issue) => {
      const widths = [...widthsOf((issue.input as { qualities: { video: VideoQuality[] } }).qualities.video)];
      return `expected one targetWidth for all with serverSideRepresentationSwitching, got ${widths.join(', ')}`;
    },
  })
  .superRefine((stream, context) => {
    const copied = stream.qualities.video.flatMap((quality, index) => (isCopied(quality) ? [index] : []));
    const [first, second] = copied;
    const refuse = (index: number, message: string): void =>
      context.addIssue({ code: 'custom', path: ['qualities', 'video', index, 'copy'], message });
    if (first === undefined) {
      stream.qualities.video.forEach((quality, index) => {
        if (!isOnDemand(quality)) return;
        const path = ['qualities', 'video', index, 'onDemand'];
        const message = 'expected a quality with "copy" beside one that is made on demand, got none';
        context.addIssue({ code: 'custom', path, message });
      });
      return;
    }
    if (second !== undefined) refuse(second, `expected one copy at most, got another than [${first}]`);
    if (stream.type !== 'RTSP') refuse(first, `expected a camera to copy from, got "type": "${stream.type}"`);
    if (stream.type === 'RTSP' && stream.via === 'ffmpeg') {
      refuse(first, 'expected "via": "agent", got "ffmpeg", which decodes all that comes');
    }
    if (stream.serverSideRepresentationSwitching) {
      refuse(first, 'expected no copy with serverSideRepresentationSwitching: what is encoded here is not like it');
    }
  })
  .superRefine(({ encoder, device, serverSideRepresentationSwitching }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (serverSideRepresentationSwitching && encoder !== 'software' && encoder !== 'auto') {
      refuse(
        'encoder',
        `expected "software" with serverSideRepresentationSwitching, got "${encoder}": its qualities need the same parameter sets, which only x264 is known to make`,
      );
    }
    const problem = device === undefined ? undefined : deviceProblem(encoder, device);
    if (problem !== undefined) refuse('device', `${problem}, got ${shown(device)}`);
  })
  .refine((stream) => stream.segmentDuration * stream.targetFps >= 2, {
    path: ['segmentDuration'],
    error: 'expected room for two frames of targetFps at least',
  });
export type StreamConfig = z.output<typeof streamEntry>;
export type EncodedQuality = z.output<typeof encodedQuality>;
export type CopiedQuality = z.output<typeof copiedQuality>;
export type VideoQuality = EncodedQuality | CopiedQuality;

export const streamsSchema = z
  .array(streamEntry)
  .min(1)
  .superRefine((streams, context) => {
    streams.forEach(({ stream }, index) => {
      const first = streams.findIndex((other) => other.stream === stream);
      if (first === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'stream'],
        message: `expected a name of its own, got "${stream}", which [${first}] has`,
      });
    });
  })
  .meta({ title: 'streams.json of Fast-ll', description: 'The streams, one entry each.' });

/** Nothing in it but the way to a server. */
function isPlain(text: string): boolean {
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
}

/** What a browser calls the origin of a page. */
export const siteSchema = z
  .string()
  .refine((text) => text === '*' || isSite(text), {
    error: ({ input }) => `expected "*" or a site like https://player.example, got ${shown(input)}`,
  })
  .transform((text) => (text === '*' ? text : new URL(text).origin))
  .meta({ pattern: '^(\\*|https?://[^/?#@]+/?)$' });

const isSite = (text: string): boolean => /^https?:\/\/[^/?#@]+\/?$/.test(text) && URL.canParse(text);

const fileName = z.string().min(1);

export const configSchema = z
  .object({
    $schema: z.string().optional().describe('Where editors find what may be in this file.'),
    verbose: flag.prefault(false).describe('Whether to log what goes on in detail.'),
    streams: fileName.describe("File with the streams' definitions; its name is relative to this one."),
    ffmpeg: fileName
      .optional()
      .describe('FFmpeg to use; else the one of FFMPEG_PATH, on PATH, or the one that comes with Fast-ll.'),
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Address to listen on, such as 0.0.0.0 for all; not needed with "edge".'),
    port: whole(0, 65_535, 'as a port').optional().describe('Port to listen on; not needed with "edge".'),
    sslKeyFile: fileName
      .optional()
      .describe('File with the key for HTTPS (PEM), relative to this one; HTTP without it.'),
    sslCertFile: fileName.optional().describe('File with the certificate for HTTPS (PEM), relative to this one.'),
    timeDisplacement: duration(-3600, 3600)
      .prefault('0')
      .describe('Seconds by which the clock at /isotime runs late, so that players ask later.'),
    waitForAbsentSegment: flag
      .prefault(true)
      .describe('Whether a request for a segment that has not arrived is held; else it gets 404 at once.'),
    playback: z
      .enum(['open', 'token'])
      .prefault('open')
      .describe('Who may play at the embedded edge: everyone, or who has a token.'),
    origins: z
      .array(siteSchema)
      .optional()
      .describe(
        'Other sites whose pages may read what the embedded edge answers, "*" for any; else none, or any where playback needs a token.',
      ),
    secret: secretSchema
      .optional()
      .describe('Signs tokens at the embedded edge; else FASTLL_SECRET, or one made for this run.'),
    edge: z
      .url({
        protocol: /^https?$/,
        abort: true,
        error: ({ input }) => `expected a URL like https://live.example.com, got ${shown(input)}`,
      })
      .refine(isPlain, {
        error: 'expected a URL without user name, password, query and fragment: who publishes is told by "token"',
      })
      .meta({ pattern: '^https?://' })
      .optional()
      .describe('URL of an edge elsewhere, instead of the embedded one.'),
    token: publishTokenSchema.optional().describe('Publish token for the edge elsewhere; else FASTLL_TOKEN.'),
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
  })
  .meta({
    title: 'config.json of Fast-ll',
    description: 'Where Fast-ll listens, or to which edge it publishes, and where its streams are defined.',
    anyOf: [{ required: ['host', 'port'] }, { required: ['edge'] }],
    dependencies: { sslKeyFile: ['sslCertFile'], sslCertFile: ['sslKeyFile'] },
  });
export type ConfigFile = z.output<typeof configSchema>;
