import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { request } from 'undici';
import type { StreamName } from '../../protocol/names.ts';
import { statisticsPath } from '../../protocol/paths.ts';
import { MAX_REQUESTS, statisticsPageSchema, type StatisticsPage } from '../../protocol/statistics.ts';
import { milliseconds } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import { authorization, edgeUrl, type Edge } from '../upload/edge.ts';
import { whyRefused } from '../upload/refusal.ts';
import { Summary } from './summary.ts';

/** How old the file may be. */
const INTERVAL = milliseconds(10_000);
/** How long the edge may take for a page; at the agent's end nobody wants to wait for it. */
const TIMEOUT_MS = 3000;

export interface SummaryFileOptions {
  readonly path: string;
  readonly stream: StreamName;
  readonly edge: Edge;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What the edge has seen of a stream's clients, in a file. Only what is new is asked for, a page at a time, and the file is
 * made piece by piece: all that happens on the loop that carries frames.
 */
export class SummaryFile {
  readonly #options: SummaryFileOptions;
  readonly #path: string;
  readonly #summary = new Summary();
  #mark = '';
  /** What was said last of why it can't be written, until it can. */
  #complaint: string | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: SummaryFileOptions) {
    this.#options = options;
    this.#path = resolve(options.path);
  }

  /** Says at once if the file can't be written. Never rejects. */
  async try(): Promise<void> {
    try {
      await using _ = await open(this.#unfinished, 'w');
      await rm(this.#unfinished);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Writes it now and then until `signal` is aborted: who ends the agent may end the edge with it. Never rejects. */
  async keep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(INTERVAL, signal);
      if (signal.aborted) return;
      await this.#save();
    }
  }

  /** Writes it once more, and says so. Never rejects. */
  async finish(): Promise<void> {
    await this.#save();
    const { stream, log } = this.#options;
    const { clients } = this.#summary;
    if (clients > 0 && this.#complaint === undefined) {
      log.info(`${stream}: figures of ${clients} clients are in ${this.#options.path}`);
    }
  }

  /** One after the other. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const isNew = await this.#fetch().catch((error: unknown) => {
        this.#options.log.debug(`${this.#options.stream}: could not ask for the statistics: ${messageOf(error)}`);
        return false;
      });
      if (!isNew && this.#complaint === undefined) return;
      if (this.#summary.clients === 0) return;
      await this.#write().then(
        () => (this.#complaint = undefined),
        (error: unknown) => this.#complain(error),
      );
    });
    return this.#saving;
  }

  /** @returns whether there is something new @throws whatever kept it */
  async #fetch(): Promise<boolean> {
    let isNew = false;
    for (let left = MAX_REQUESTS; left > 0;) {
      const page = await this.#page();
      if (page.first) this.#summary.clear();
      this.#summary.add(page.requests);
      this.#mark = page.mark;
      isNew ||= page.requests.length > 0;
      // One that says that there are more, and gives none, is not asked again now.
      if (!page.more || page.requests.length === 0) break;
      left -= page.requests.length;
    }
    return isNew;
  }

  async #page(): Promise<StatisticsPage> {
    const { edge, stream } = this.#options;
    const url = edgeUrl(edge, statisticsPath(stream));
    url.searchParams.set('after', this.#mark);
    const answer = await request(url, {
      dispatcher: edge.dispatcher,
      headers: await authorization(edge),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.body.text();
    const { statusCode: status, headers } = answer;
    if (status !== 200) throw new Error(`the edge answered ${status}: ${whyRefused({ status, headers, text })}`);
    return statisticsPageSchema.parse(JSON.parse(text));
  }

  /** Beside the old one, which is whole until then. */
  get #unfinished(): string {
    return `${this.#path}.new`;
  }

  async #write(): Promise<void> {
    {
      await using file = await open(this.#unfinished, 'w');
      for (const piece of this.#summary.csv()) await file.write(piece);
    }
    await rename(this.#unfinished, this.#path);
  }

  #complain(error: unknown): void {
    const { stream, path, log } = this.#options;
    const complaint = `${path}: ${WHY[codeOf(error) ?? ''] ?? messageOf(error)}`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    log.warn(
      `${stream}: can't save the figures of its clients ("saveStats") in ${complaint}; they are to be had at ${statisticsPath(stream)}`,
    );
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'nothing may be written there',
  EPERM: 'nothing may be written there',
  EROFS: 'nothing can be written there',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  ENOSPC: 'the disk is full',
};
