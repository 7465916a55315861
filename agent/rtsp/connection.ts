import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';
import { USER_AGENT } from '../upload/user-agent.ts';
import type { Authorization } from './authorization.ts';
import type { Wire } from './dial.ts';
import { formatRequest, formatResponse, header, type RtspRequest, type RtspResponse } from './message.ts';
import { RtspReader, type Received } from './reader.ts';
import {
  AN_ERROR_OF_OURS,
  CameraFailure,
  CONNECTION_ENDED,
  connectionFailure,
  NO_CREDENTIALS,
  noAnswer,
  unknownScheme,
  WEB_SERVER,
  WRONG_CREDENTIALS,
} from './refusal.ts';
import type { PacketRouter } from './router.ts';

/** How long a camera may take to answer. */
const ANSWER = milliseconds(10_000);
/** So long nothing comes behind a body that lacks some bytes. */
const QUIET = milliseconds(500);
/** A camera that reads nothing has more questions than this. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** Requests that were never answered: the oldest is forgotten. */
const MAX_UNANSWERED = 16;

export interface ConnectionOptions {
  readonly wire: Wire;
  readonly authorization: Authorization;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the connection. */
  readonly signal: AbortSignal;
  /** Where packets go. */
  readonly router: PacketRouter;
}

interface Unanswered {
  readonly cseq: number;
  readonly answered: (response: RtspResponse) => void;
}

/** One connection to a camera: questions and answers, and packets among them. */
export class RtspConnection {
  /** Why nothing more comes. Never rejects. */
  readonly ended: Promise<Failure>;
  readonly #options: ConnectionOptions;
  readonly #reader: RtspReader;
  readonly #end: (failure: Failure) => void;
  readonly #unanswered: Unanswered[] = [];
  #cseq = 0;
  #hasSkipped = false;
  #quiet = new AbortController();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#reader = new RtspReader(options.router.channels);
    const { promise, resolve } = Promise.withResolvers<Failure>();
    this.ended = promise;
    const { stream } = options.wire;
    this.#end = (failure) => {
      resolve(failure);
      stream.destroy();
    };
    stream.on('data', (chunk: Uint8Array) => this.#take(() => this.#reader.push(chunk)));
    stream.on('error', (error) => this.#end(connectionFailure(error, false)));
    stream.on('close', () => {
      this.#quiet.abort();
      this.#end(CONNECTION_ENDED);
    });
    // It may be over already.
    if (options.signal.aborted || stream.destroyed) this.#end(CONNECTION_ENDED);
    const onAbort = (): void => this.#end(CONNECTION_ENDED);
    options.signal.addEventListener('abort', onAbort, { once: true });
    stream.once('close', () => options.signal.removeEventListener('abort', onAbort));
  }

  /**
   * Asks, says who asks if that is wanted, and waits for the answer, whatever it is.
   * @param uri as the camera is to see it
   * @throws CameraFailure where there is none, and where it is not known how to say who asks
   */
  async request(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<RtspResponse> {
    const { authorization } = this.#options;
    for (let before = 0; ; before += 1) {
      const response = await this.#exchange(method, uri, headers);
      if (response.status !== 401) return response;
      const verdict = authorization.rejected(response.headers.get('www-authenticate') ?? [], before);
      switch (verdict.kind) {
        case 'again':
          break;
        case 'refused':
          throw new CameraFailure(WRONG_CREDENTIALS);
        case 'anonymous':
          throw new CameraFailure(NO_CREDENTIALS);
        case 'unusable':
          throw new CameraFailure(unknownScheme(verdict.offered));
      }
    }
  }

  /** Asks for the last time: what is answered is nobody's affair. */
  tell(method: string, uri: string, headers: Readonly<Record<string, string | undefined>>): void {
    this.#send(method, uri, headers);
  }

  /** Ends when the camera does, or after `patience`, whichever is first. */
  async close(patience = milliseconds(0)): Promise<void> {
    const { wire, clock } = this.#options;
    const over = new AbortController();
    wire.stream.end();
    await Promise.race([this.ended, clock.sleep(patience, over.signal)]);
    over.abort();
    this.#end(CONNECTION_ENDED);
  }

  async #exchange(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string | undefined>>,
  ): Promise<RtspResponse> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<RtspResponse>();
    const cseq = this.#send(method, uri, headers);
    this.#unanswered.push({ cseq, answered: resolve });
    if (this.#unanswered.length > MAX_UNANSWERED) this.#unanswered.shift();
    const over = new AbortController();
    const late = clock.sleep(ANSWER, over.signal).then((): Failure => noAnswer(method, ANSWER / 1000));
    const outcome = await Promise.race([promise, this.ended, late]);
    over.abort();
    if ('status' in outcome) return outcome;
    throw new CameraFailure(outcome);
  }

  /** @returns its number */
  #send(method: string, uri: string, headers: Readonly<Record<string, string | undefined>>): number {
    const { authorization } = this.#options;
    this.#cseq += 1;
    const all = {
      CSeq: String(this.#cseq),
      'User-Agent': USER_AGENT,
      Authorization: authorization.header(method, uri),
      ...headers,
    };
    this.#write(formatRequest(method, uri, all));
    return this.#cseq;
  }

  #write(bytes: Uint8Array): void {
    const { stream } = this.#options.wire;
    if (!stream.writable) return;
    stream.write(bytes);
    if (stream.writableLength > MAX_UNSENT_BYTES) {
      this.#end({ kind: 'unusable', message: 'the camera asks, but reads no answers' });
    }
  }

  #take(read: () => Generator<Received>): void {
    this.#quiet.abort();
    try {
      for (const received of read()) this.#receive(received);
    } catch (error) {
      this.#options.log.error(error);
      this.#end(AN_ERROR_OF_OURS);
    }
    if (this.#reader.unsettled) this.#settleSoon();
  }

  #settleSoon(): void {
    const { signal } = (this.#quiet = new AbortController());
    // Never rejects; the next chunk, or the end, calls it off.
    void this.#options.clock.sleep(QUIET, signal).then(() => {
      if (!signal.aborted) this.#take(() => this.#reader.settle());
    });
  }

  #receive(received: Received): void {
    switch (received.kind) {
      case 'packet':
        this.#options.router.route(received.channel, received.data);
        break;
      case 'response':
        this.#answer(received);
        break;
      case 'request':
        this.#asked(received);
        break;
      case 'skipped':
        this.#skipped(received);
        break;
      case 'invalid':
        this.#end({ kind: 'unusable', message: `the camera ${received.reason} (byte ${received.offset})` });
        break;
    }
  }

  /** Told once: some do it with each frame. */
  #skipped({ bytes, offset }: Extract<Received, { kind: 'skipped' }>): void {
    if (this.#hasSkipped) return;
    this.#hasSkipped = true;
    this.#options.log.debug(
      `${bytes} bytes at ${offset} of what the camera sends are no RTSP, and skipped, as are others`,
    );
  }

  /**
   * By its number, where that is one of those that are asked; else it answers the oldest question: some cameras number
   * their answers as they like.
   */
  #answer(response: RtspResponse): void {
    if (response.protocol === 'HTTP') this.#end(WEB_SERVER);
    if (response.status < 200) return;
    const cseq = Number(header(response, 'cseq'));
    const index = this.#unanswered.findIndex((one) => one.cseq === cseq);
    const [question] = this.#unanswered.splice(Math.max(index, 0), 1);
    question?.answered(response);
  }

  /** Cameras ask whether one is still there. */
  #asked(request: RtspRequest): void {
    const isKnown = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER'].includes(request.method);
    this.#write(formatResponse(request, isKnown ? 200 : 501));
  }
}
