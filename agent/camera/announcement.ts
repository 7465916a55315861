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
import { known, type Renditions } from './renditions.ts';

/** How long an init segment may take. */
const INIT_MS = 5000;
/** How soon the edge is told again what it could not be told. */
const RETRY = milliseconds(500);
/** How long those qualities that are known wait for others. */
const PATIENCE = milliseconds(3000);

/** What the edge is told of a stream: init segments, and then the description that speaks of them. */
export class Announcement {
  readonly #options: AnnouncementOptions;
  #renditions: Renditions = [];

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    options.control.announce(describe(options.stream, []));
  }

  /**
   * Tells the edge what there is to see, as soon as it can be reached; of some qualities alone only when the others keep it
   * waiting.
   * @returns when players may begin: true; false where more has become known since, or it is over. Never rejects
   */
  async tell(renditions: Renditions, signal: AbortSignal): Promise<boolean> {
    const { stream, clock, log, control } = this.#options;
    this.#renditions = renditions;
    const isOver = (): boolean => signal.aborted || this.#renditions !== renditions;
    if (known(renditions).length < renditions.length) await clock.sleep(PATIENCE, signal);
    while (!isOver()) {
      try {
        await this.putInits(signal);
        break;
      } catch (error) {
        log.debug(`${stream.stream}: init segments: ${messageOf(error)}`);
        await clock.sleep(RETRY, signal);
      }
    }
    if (isOver()) return false;
    control.announce(describe(stream, renditions));
    await clock.sleep(headStart(stream), signal);
    return !isOver();
  }

  /** What the description promises has to be there before it. */
  async putInits(signal: AbortSignal): Promise<void> {
    const { edge, stream } = this.#options;
    await Promise.all(
      this.#renditions.map(async (rendition, index) => {
        if (rendition === undefined) return;
        const url = mediaUrl(edge, stream.stream, { kind: 'init', representation: representationId(index) });
        const headers = { ...(await authorization(edge)), 'content-type': 'video/mp4' };
        const inTime = AbortSignal.any([signal, AbortSignal.timeout(INIT_MS)]);
        const { dispatcher } = edge;
        const answer = await request(url, { method: 'PUT', dispatcher, headers, body: rendition.init, signal: inTime });
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
