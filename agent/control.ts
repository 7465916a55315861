import type { Logger } from 'pino';
import { request, WebSocket, type CloseEvent, type MessageEvent } from 'undici';
import {
  edgeMessageSchema,
  MAX_MESSAGE_BYTES,
  PING,
  PING_INTERVAL,
  PONG,
  type AgentMessage,
  type CameraState,
} from '../protocol/control.ts';
import type { StreamDescription } from '../protocol/description.ts';
import type { RepresentationId, StreamName } from '../protocol/names.ts';
import { agentPath } from '../protocol/paths.ts';
import { milliseconds } from '../protocol/units.ts';
import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import { authorization, edgeUrl, type Edge } from './upload/edge.ts';
import { whyRefused } from './upload/refusal.ts';

const RECONNECT_MS = { first: 250, most: 5000 };

/**
 * The agent's WebSocket to the Stream object of one stream: says what the stream is and how it does, hears when somebody
 * wants to watch. Connects again for ever.
 *
 *     connecting ──open──▶ open ──close, error, no pong──▶ waiting ──▶ connecting
 */
export class Control {
  readonly #options: ControlOptions;
  #description: StreamDescription | undefined;
  #state: AgentMessage | undefined;
  #socket: WebSocket | undefined;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  announce(description: StreamDescription): void {
    this.#description = description;
    this.#send({ type: 'announce', description });
  }

  state(state: CameraState, detail?: string): void {
    const text = detail?.slice(0, 500);
    this.#state = { type: 'state', state, ...(text === undefined ? {} : { detail: text }) };
    this.#send(this.#state);
  }

  /** Until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, stream, log, signal } = this.#options;
    let delay = RECONNECT_MS.first;
    let complained = false;
    while (!signal.aborted) {
      const end = await this.#connection().catch((error: unknown): End => ({
        opened: false,
        reason: messageOf(error),
      }));
      if (signal.aborted) return;
      if (end.opened) {
        delay = RECONNECT_MS.first;
        complained = false;
      }
      if (!complained) log.warn(`${stream}: no connection to the edge: ${await this.#explained(end)}; trying on`);
      complained = true;
      await clock.sleep(milliseconds(delay), signal);
      delay = Math.min(2 * delay, RECONNECT_MS.most);
    }
  }

  /** One connection, until it ends. @throws what kept it from being tried */
  async #connection(): Promise<End> {
    const { edge, stream, signal } = this.#options;
    const ended = Promise.withResolvers<string>();
    const over = new AbortController();
    /** What is heard of a connection counts until it is over. */
    const until = { signal: over.signal };
    signal.addEventListener('abort', () => ended.resolve('the agent stops'), until);
    let opened = false;
    let heard = true;
    try {
      const url = edgeUrl(edge, agentPath(stream));
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      const socket = new WebSocket(url, { dispatcher: edge.sockets, headers: await authorization(edge) });
      over.signal.addEventListener('abort', () => socket.close());
      const onOpen = (): void => {
        opened = true;
        this.#greet(socket, over.signal).catch((error: unknown) => ended.resolve(messageOf(error)));
      };
      const onMessage = ({ data }: MessageEvent): void => {
        heard = true;
        this.#hear(data);
      };
      const onClose = ({ code, reason }: CloseEvent): void =>
        ended.resolve(reason === '' ? `closed with ${code}` : reason);
      socket.addEventListener('open', onOpen, until);
      socket.addEventListener('message', onMessage, until);
      socket.addEventListener('error', (event) => ended.resolve(reasonOf(event.error)), until);
      socket.addEventListener('close', onClose, until);
      // Never rejects, and ends with the connection.
      void this.#everyPing(over.signal, () => {
        if (!heard) ended.resolve('it does not answer');
        heard = false;
        if (socket.readyState === WebSocket.OPEN) socket.send(PING);
      });
      return { opened, reason: await ended.promise };
    } finally {
      over.abort();
      this.#socket = undefined;
    }
  }

  /** An upgrade that is refused does not say why; asked for without one, the edge does, and so does what is before it. */
  async #explained({ reason }: End): Promise<string> {
    const { edge, stream, signal } = this.#options;
    if (reason !== REFUSED) return reason;
    try {
      const answer = await request(edgeUrl(edge, agentPath(stream)), {
        dispatcher: edge.dispatcher,
        headers: await authorization(edge),
        signal: AbortSignal.any([signal, AbortSignal.timeout(EXPLANATION_MS)]),
      });
      const { statusCode: status, headers } = answer;
      const text = await answer.body.text();
      return status === UPGRADE_REQUIRED ? reason : whyRefused({ status, headers, text });
    } catch {
      return reason;
    }
  }

  async #everyPing(over: AbortSignal, ping: () => void): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(PING_INTERVAL, over);
      if (over.aborted) return;
      ping();
    }
  }

  /** @param over aborted when the connection is: by the time that all is in place the next one may have begun */
  async #greet(socket: WebSocket, over: AbortSignal): Promise<void> {
    // What the description promises has to be there before it.
    await this.#options.onConnected();
    if (over.aborted) return;
    this.#socket = socket;
    if (this.#description !== undefined) this.#send({ type: 'announce', description: this.#description });
    if (this.#state !== undefined) this.#send(this.#state);
  }

  #hear(data: unknown): void {
    if (data === PONG || typeof data !== 'string' || data.length > MAX_MESSAGE_BYTES) return;
    const message = edgeMessageSchema.safeParse(parseJson(data));
    if (!message.success) return;
    switch (message.data.type) {
      case 'wanted':
        this.#options.onWanted(message.data.representation);
    }
  }

  #send(message: AgentMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** How a connection went. */
interface End {
  readonly opened: boolean;
  readonly reason: string;
}

export interface ControlOptions {
  readonly clock: Clock;
  readonly edge: Edge;
  readonly stream: StreamName;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Puts in place what the description speaks of, before it is told. */
  readonly onConnected: () => Promise<void>;
  /** @param representation one that is made only while somebody wants it; undefined where it is the camera as such */
  readonly onWanted: (representation: RepresentationId | undefined) => void;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const REFUSED = 'it refuses, or can\'t be reached: check "edge" and "token"';
/** What one who may connect gets without an upgrade (RFC 9110, 15.5.22). */
const UPGRADE_REQUIRED = 426;
const EXPLANATION_MS = 3000;

/** undici tells a refused upgrade only as «Received network error or non-101 status code». */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === '' || /non-101/.test(message) ? REFUSED : message;
}
