import type { Logger } from 'pino';
import { request } from 'undici';
import type { Clock } from '../clock.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { Control } from '../control.ts';
import { messageOf } from '../errors.ts';
import { authorization, mediaUrl, type Edge } from '../upload/edge.ts';
import { whyRefused } from '../upload/refusal.ts';
import { milliseconds } from '../../protocol/units.ts';
import { describe, representationId } from './description.ts';
import { headStart } from './head-start.ts';
import type { Rendition } from './track-writer.ts';

/** How long an init segment may take. */
const INIT_MS = 5000;
/** How soon the edge is told again what it could not be told. */
const RETRY = milliseconds(500);

/** What the edge is told of a stream: init segments, and then the description that speaks of them. */
export class Announcement {
  readonly #options: AnnouncementOptions;
  #renditions: readonly Rendition[] = [];

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    options.control.announce(describe(options.stream, []));
  }

  /**
   * Tells the edge what there is to see, as soon as it can be reached.
   * @returns when players may begin; never rejects
   */
  async tell(renditions: readonly Rendition[], signal: AbortSignal): Promise<void> {
    const { stream, clock, log, control } = this.#options;
    this.#renditions = renditions;
    while (!signal.aborted) {
      try {
        await this.putInits(signal);
        break;
      } catch (error) {
        log.debug(`${stream.stream}: init segments: ${messageOf(error)}`);
        await clock.sleep(RETRY, signal);
      }
    }
    if (signal.aborted) return;
    const configs = renditions.map(({ config }) => config);
    control.announce(describe(stream, configs));
    await clock.sleep(headStart(stream), signal);
  }

  /** What the description promises has to be there before it. */
  async putInits(signal: AbortSignal): Promise<void> {
    const { edge, stream } = this.#options;
    await Promise.all(
      this.#renditions.map(async ({ init }, index) => {
        const url = mediaUrl(edge, stream.stream, { kind: 'init', representation: representationId(index) });
        const headers = { ...(await authorization(edge)), 'content-type': 'video/mp4' };
        const inTime = AbortSignal.any([signal, AbortSignal.timeout(INIT_MS)]);
        const { dispatcher } = edge;
        const answer = await request(url, { method: 'PUT', dispatcher, headers, body: init, signal: inTime });
        const { statusCode: status, headers: answered } = answer;
        const text = await answer.body.text();
        if (status < 300) return;
        const why = whyRefused({ status, headers: answered, text });
        throw new Error(`the edge answered ${status} to an init segment: ${why}`);
      }),
    );
  }
}

export interface AnnouncementOptions {
  readonly stream: StreamConfig;
  readonly edge: Edge;
  readonly clock: Clock;
  readonly log: Logger;
  readonly control: Control;
}
