import type { Logger } from 'pino';
import { messageOf } from '../errors.ts';
import { saveSummary } from '../statistics.ts';
import type { Edge } from '../upload/edge.ts';
import type { Clock } from '../clock.ts';
import type { StreamName } from '../../protocol/names.ts';
import { milliseconds } from '../../protocol/units.ts';

/** How old the file of statistics may be. */
const SAVE_INTERVAL = milliseconds(10_000);

export interface SummaryOptions {
  readonly stream: StreamName;
  readonly edge: Edge;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where figures of the stream's clients are written; nowhere when undefined. */
  readonly summaryFile: string | undefined;
}

/** Writes it now and then until `signal` is aborted: who ends the agent may end the edge with it. Never rejects. */
export async function keepSummary(options: SummaryOptions, signal: AbortSignal): Promise<void> {
  if (options.summaryFile === undefined) return;
  for (;;) {
    await options.clock.sleep(SAVE_INTERVAL, signal);
    if (signal.aborted) return;
    await save(options);
  }
}

/** Writes it once more, and says so. Never rejects. */
export async function finishSummary(options: SummaryOptions): Promise<void> {
  const clients = await save(options);
  if (clients > 0) options.log.info(`${options.stream}: figures of ${clients} clients are in ${options.summaryFile}`);
}

/** @returns how many clients there were */
async function save({ edge, log, stream, summaryFile }: SummaryOptions): Promise<number> {
  if (summaryFile === undefined) return 0;
  try {
    return await saveSummary(edge, stream, summaryFile);
  } catch (error) {
    log.debug(`${stream}: could not save the statistics: ${messageOf(error)}`);
    return 0;
  }
}
