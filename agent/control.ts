import type { Logger } from 'pino';
import { WebSocket } from 'undici';
import {
  edgeMessageSchema,
  MAX_MESSAGE_BYTES,
  PING,
  PONG,
  type AgentMessage,
  type CameraState,
} from '../protocol/control.ts';
import type { StreamDescription } from '../protocol/description.ts';
import type { StreamName } from '../protocol/names.ts';
import { agentPath } from '../protocol/paths.ts';
import { milliseconds } from '../protocol/units.ts';
import type { Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import { authorization, type Edge } from './upload/edge.ts';

const RECONNECT_MS = { first: 250, most: 5000 };
/** Keeps NATs from forgetting the connection, and shows when it is dead. */
const PING_INTERVAL_MS = 10_000;

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
      const end = await this.#connection();
      if (signal.aborted) return;
      if (end.opened) {
        delay = RECONNECT_MS.first;
        complained = false;
      }
      if (!complained) log.warn(`${stream}: no connection to the edge: ${end.reason}; trying on`);
      complained = true;
      await clock.sleep(milliseconds(delay), signal);
      delay = Math.min(2 * delay, RECONNECT_MS.most);
    }
  }

  async #connection(): Promise<{ opened: boolean; reason: string }> {
    const { edge, stream, signal } = this.#options;
    const url = new URL(agentPath(stream), edge.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, { dispatcher: edge.sockets, headers: await authorization(edge) });
    const ended = Promise.withResolvers<string>();
    const stop = (): void => ended.resolve('the agent stops');
    signal.addEventListener('abort', stop, { once: true });
    let opened = false;
    let heard = true;
    const pings = setInterval(() => {
      if (!heard) ended.resolve('it does not answer');
      heard = false;
      if (socket.readyState === WebSocket.OPEN) socket.send(PING);
    }, PING_INTERVAL_MS);
    socket.addEventListener('open', () => {
      opened = true;
      this.#greet(socket).catch((error: unknown) => ended.resolve(messageOf(error)));
    });
    socket.addEventListener('message', ({ data }) => {
      heard = true;
      this.#hear(data);
    });
    socket.addEventListener('error', (event) => ended.resolve(reasonOf(event.error)));
    socket.addEventListener('close', ({ code, reason }) =>
      ended.resolve(reason === '' ? `closed with ${code}` : reason),
    );
    const reason = await ended.promise;
    clearInterval(pings);
    signal.removeEventListener('abort', stop);
    this.#socket = undefined;
    socket.close();
    return { opened, reason };
  }

  async #greet(socket: WebSocket): Promise<void> {
    // What the description promises has to be there before it.
    await this.#options.onConnected();
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
        this.#options.onWanted();
    }
  }

  #send(message: AgentMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

export interface ControlOptions {
  readonly clock: Clock;
  readonly edge: Edge;
  readonly stream: StreamName;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Puts in place what the description speaks of, before it is told. */
  readonly onConnected: () => Promise<void>;
  readonly onWanted: () => void;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** undici tells a refused upgrade only as «Received network error or non-101 status code». */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return message === '' || /non-101/.test(message)
    ? 'it refuses, or can\'t be reached: check "edge" and "token"'
    : message;
}
