import * as z from 'zod';

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

/** The original's `summary_jitter.csv`: a column per client and figure, a row per request. */
export function summaryCsv({ clients }: StreamStatistics): string {
  const figures = ['time', 'delta', 'jitter', 'clients'] as const;
  const header = clients.flatMap(({ client }) => figures.map((figure) => `${client}_${figure}`));
  const rows = Math.max(0, ...clients.map(({ requests }) => requests.length));
  const lines = Array.from({ length: rows }, (_, row) =>
    clients.flatMap(({ requests }) => figures.map((figure) => requests[row]?.[figure] ?? '')),
  );
  return [header, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** All figures, a line per request (RFC 4180). */
export function requestsCsv({ clients }: StreamStatistics): string {
  const figures = requestFiguresSchema.keyof().options;
  const lines = clients.flatMap(({ client, requests }) =>
    requests.map((request) => [client, ...figures.map((figure) => request[figure] ?? '')]),
  );
  return [['client', ...figures], ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}
