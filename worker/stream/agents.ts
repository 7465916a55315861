import * as z from 'zod';
import { cameraStateSchema, PING_INTERVAL, type AgentMessage, type EdgeMessage } from '../../protocol/control.ts';
import type { RepresentationId, StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { elapsed } from '../elapsed.ts';
import { parseAgentMessage } from './agent-message.ts';
import { Pace, TOO_FAST } from './pace.ts';
import type { StreamState } from './snapshot.ts';

/** That may be connected to one stream: one, a spare, and what the network has not yet noticed to be gone. */
const MAX_AGENTS = 16;
/** Nothing heard for two pings and a half: a connection that is open at this end only. */
const GONE_AFTER = milliseconds(2.5 * PING_INTERVAL);
/** At most one `wanted` in this time. */
const WANTED_INTERVAL_MS = 1000;

/** What a WebSocket carries over hibernation. */
const attachmentSchema = z.object({
  state: cameraStateSchema,
  detail: z.string().optional(),
  /** When it connected or said something last. Of pings, which the platform answers by itself, it knows. */
  heardAt: z.number().transform(milliseconds),
});
type Attachment = z.infer<typeof attachmentSchema>;

/** Of several agents, the one that is best off speaks for the stream. */
const RANK = ['live', 'starting', 'waiting', 'idle'] as const;

/**
 * The WebSockets of a stream's agents, which may hibernate.
 *
 *     accept ──▶ heard of ──25 s of silence──▶ gone (it counts no more) ──ping──▶ heard of
 *                    └────────── sixteen newer ones ───────┴──▶ closed, the one that was silent for longest first
 */
export class Agents {
  readonly #context: DurableObjectState;
  readonly #pace = new Pace();
  /** By representation, where it is one that is made on demand; else of the camera as such. */
  readonly #lastWanted = new Map<RepresentationId | undefined, Milliseconds>();

  constructor(context: DurableObjectState) {
    this.#context = context;
  }

  /** Takes one more, in the place of another if it must be. */
  accept(stream: StreamName, now: Milliseconds): Response {
    const others = this.#open().toSorted((a, b) => shorter(this.#silence(a, now), this.#silence(b, now)));
    for (const stalest of others.slice(MAX_AGENTS - 1))
      this.refuse(stalest, 1013, `${MAX_AGENTS} newer agents are here`);
    const { 0: client, 1: server } = new WebSocketPair();
    this.#context.acceptWebSocket(server, [stream]);
    attach(server, { state: 'idle', heardAt: now });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** What it has said; undefined, and no more of it, where it says what no agent would. */
  hear(socket: WebSocket, data: string | ArrayBuffer, now: Milliseconds): AgentMessage | undefined {
    const message = this.#pace.allows(socket, now) ? parseAgentMessage(data) : TOO_FAST;
    if (typeof message === 'string') {
      this.refuse(socket, 1008, message);
      return undefined;
    }
    const said = message.type === 'state' ? { state: message.state, detail: message.detail } : attachmentOf(socket);
    attach(socket, { state: 'idle', ...said, heardAt: now });
    return message;
  }

  refuse(socket: WebSocket, code: number, reason: string): void {
    // RFC 6455, 5.5: the reason of a close has 123 bytes.
    socket.close(code, reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123));
  }

  /** Which stream it came for. */
  streamOf(socket: WebSocket): StreamName {
    return this.#context.getTags(socket)[0] as StreamName;
  }

  /** Somebody wants to watch: they start the camera, or make this representation, or keep on. */
  want(now: Milliseconds, representation?: RepresentationId): void {
    const last = this.#lastWanted.get(representation) ?? milliseconds(-Infinity);
    if (elapsed(last, now) < WANTED_INTERVAL_MS) return;
    this.#lastWanted.set(representation, now);
    const message = JSON.stringify({ type: 'wanted', representation } satisfies EdgeMessage);
    for (const socket of this.#open()) socket.send(message);
  }

  state(now: Milliseconds): { readonly state: StreamState; readonly detail: string | undefined } {
    const there = this.#open().filter((socket) => this.#silence(socket, now) < GONE_AFTER);
    const agents = there.map(attachmentOf).filter((attachment) => attachment !== undefined);
    for (const rank of RANK) {
      const agent = agents.find(({ state }) => state === rank);
      if (agent !== undefined) return { state: rank, detail: agent.detail };
    }
    return { state: 'offline', detail: undefined };
  }

  /** Sends them away: they come back, and announce the stream anew. */
  dismiss(reason: string): void {
    for (const socket of this.#open()) this.refuse(socket, 1012, reason);
  }

  /** Those that are closing wait for an answer that may never come. */
  #open(): WebSocket[] {
    return this.#context.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** How long nothing was heard of it. */
  #silence(socket: WebSocket, now: Milliseconds): Milliseconds {
    const pinged = milliseconds(this.#context.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? -Infinity);
    const said = attachmentOf(socket)?.heardAt ?? milliseconds(-Infinity);
    return milliseconds(Math.min(elapsed(pinged, now), elapsed(said, now)));
  }
}

/** Of silences, some of which may be endless. */
const shorter = (a: Milliseconds, b: Milliseconds): number => (a === b ? 0 : a - b);

const attach = (socket: WebSocket, attachment: Attachment): void => socket.serializeAttachment(attachment);

const attachmentOf = (socket: WebSocket): Attachment | undefined =>
  attachmentSchema.safeParse(socket.deserializeAttachment()).data;
