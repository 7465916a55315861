import { writeFile } from 'node:fs/promises';
import { request } from 'undici';
import type { StreamName } from '../protocol/names.ts';
import { statisticsPath } from '../protocol/paths.ts';
import { streamStatisticsSchema, summaryCsv } from '../protocol/statistics.ts';
import { authorization, edgeUrl, type Edge } from './upload/edge.ts';
import { whyRefused } from './upload/refusal.ts';

/** How long the edge may take; at the agent's end nobody wants to wait for it. */
const TIMEOUT_MS = 3000;

/** Writes what the edge has seen of a stream's clients, in the original's shape. @returns how many clients there were */
export async function saveSummary(edge: Edge, stream: StreamName, file: string): Promise<number> {
  const answer = await request(edgeUrl(edge, statisticsPath(stream)), {
    dispatcher: edge.dispatcher,
    headers: await authorization(edge),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await answer.body.text();
  const { statusCode: status, headers } = answer;
  if (status !== 200) throw new Error(`the edge answered ${status}: ${whyRefused({ status, headers, text: body })}`);
  const statistics = streamStatisticsSchema.parse(JSON.parse(body));
  if (statistics.clients.length > 0) await writeFile(file, summaryCsv(statistics));
  return statistics.clients.length;
}
