import * as z from 'zod';

/** Figures that an edge keeps of one stream, all clients together. */
export const MAX_REQUESTS = 100_000;

/** One request for a segment, as the statistics of a stream keep it. Times in milliseconds. */
export const requestFiguresSchema = z.object({
  /** When it came, since 1970. */
  time: z.number(),
  /** Since the same client's request before. */
  delta: z.number().optional(),
  /** By how much delta has changed. */
  jitter: z.number().optional(),
  /** How many clients were asking for segments at the time. */
  clients: z.number(),
  /** What the player says of itself (CMCD, CTA-5004): its latency, its buffer, its bitrate in kbit/s, whether it stalled. */
  latency: z.number().optional(),
  buffer: z.number().optional(),
  bitrate: z.number().optional(),
  stalled: z.boolean().optional(),
});
export type RequestFigures = z.infer<typeof requestFiguresSchema>;

/** `GET /api/streams/{stream}/stats` */
export const streamStatisticsSchema = z.object({
  stream: z.string(),
  clients: z.array(z.object({ client: z.string(), requests: z.array(requestFiguresSchema) })),
});
export type StreamStatistics = z.infer<typeof streamStatisticsSchema>;

/** `GET /api/streams/{stream}/stats?after={mark}`: the requests that came after those of an answer before. */
export const statisticsPageSchema = z.object({
  requests: z.array(requestFiguresSchema.extend({ client: z.string() })).max(MAX_REQUESTS),
  /** Whether these are the first that the edge has: those that an answer before told of are no more. */
  first: z.boolean(),
  /** Whether there are more by now. */
  more: z.boolean(),
  /** To ask for those after them. */
  mark: z.string().max(100),
});
export type StatisticsPage = z.infer<typeof statisticsPageSchema>;

const FIGURES = requestFiguresSchema.keyof().options;

/** All figures, a line per request (RFC 4180), in pieces. */
export function* requestsCsv(clients: Iterable<StreamStatistics['clients'][number]>): Generator<string> {
  yield lineOf(['client', ...FIGURES]);
  for (const { client, requests } of clients) {
    yield requests
      .map((request) => lineOf([client, ...FIGURES.map((figure) => String(request[figure] ?? ''))]))
      .join('');
  }
}

const lineOf = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;
