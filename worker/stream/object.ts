import { DurableObject } from 'cloudflare:workers';
import {
  agentMessageSchema,
  cameraStateSchema,
  MAX_MESSAGE_BYTES,
  PING,
  PONG,
  type AgentMessage,
  type EdgeMessage,
} from '../../protocol/control.ts';
import { streamDescriptionSchema, type StreamDescription } from '../../protocol/description.ts';
import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import * as z from 'zod';
import type { RequestFigures, StreamStatistics } from '../../protocol/statistics.ts';
import { directoryOf, MAX_STREAMS } from '../directory.ts';
import { elapsed } from '../elapsed.ts';
import type { Env } from '../env.ts';
import { toResponse, type Problem } from '../errors.ts';
import { StatisticsTable } from '../statistics/table.ts';
import { Changes } from './changes.ts';
import { Pace, TOO_FAST } from './pace.ts';
import { maxSegmentDuration, type ManifestSource, type StreamSnapshot, type StreamState } from './snapshot.ts';

/** How long a request for a manifest waits for a camera that has to start first. */
const START_HOLD_MS = 10_000;
/** How long one for an init segment waits. */
const INIT_HOLD_MS = 5000;
/** At most one `wanted` to the agents in this time. */
const WANTED_INTERVAL_MS = 1000;

/** Agents that may be connected to one stream: one, a spare, and what the network has not yet noticed to be gone. */
const MAX_AGENTS = 16;

/** What a WebSocket carries over hibernation. */
const attachmentSchema = z.object({ state: cameraStateSchema, detail: z.string().optional() });
type Attachment = z.infer<typeof attachmentSchema>;

const TOO_MANY_STREAMS = {
  kind: 'out of bounds',
  status: 409,
  expected: `at most ${MAX_STREAMS} streams on an edge: delete one first`,
  got: 'one more',
} as const satisfies Problem;

/** Of several agents on one stream, the one that is best off speaks for it. */
const RANK = ['live', 'starting', 'waiting', 'idle'] as const;

/**
 * One stream: what its agent announced or what an encoder pushed, its init segments, and the WebSockets of its agents,
 * which may hibernate. Its storage holds what must be there again after a restart; no GET of a segment comes here.
 */
export class Stream extends DurableObject<Env> {
  readonly #changes = new Changes();
  readonly #pace = new Pace();
  readonly #statistics: StatisticsTable;
  #lastWanted = milliseconds(-Infinity);

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#statistics = new StatisticsTable(context.storage.sql);
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  snapshot(): StreamSnapshot {
    const description = this.#description();
    if (description !== undefined) return { kind: 'announced', description, ...this.#state(), forced: this.#forced() };
    const manifest = this.ctx.storage.kv.get<string>('manifest');
    if (manifest === undefined && this.#inits().length === 0) return { kind: 'unknown' };
    const segmentDuration = maxSegmentDuration(manifest ?? '');
    return { kind: 'pushed', manifest, newest: this.#newest(), segmentDuration };
  }

  /** What the manifest is made of; wakes a camera that sleeps and waits for it. */
  async manifestSource(): Promise<ManifestSource> {
    this.want();
    const source = (): ManifestSource | undefined => manifestSourceOf(this.snapshot());
    const ready = await this.#changes.until(source, START_HOLD_MS);
    return ready ?? { kind: 'not ready', detail: this.#whyNotReady() };
  }

  /** Somebody wants to watch: the agents start the camera, or keep it running. */
  want(): void {
    const now = milliseconds(Date.now());
    if (elapsed(this.#lastWanted, now) < WANTED_INTERVAL_MS) return;
    this.#lastWanted = now;
    const message = JSON.stringify({ type: 'wanted' } satisfies EdgeMessage);
    for (const socket of this.ctx.getWebSockets()) socket.send(message);
  }

  /** @returns why not, where the edge can't take one more stream */
  async putInit(stream: StreamName, representation: RepresentationId, bytes: Uint8Array): Promise<Problem | undefined> {
    if (!(await this.#isListed(stream))) return TOO_MANY_STREAMS;
    this.ctx.storage.kv.put(`init:${representation}`, bytes);
    this.#changes.notify();
    return undefined;
  }

  async init(representation: RepresentationId): Promise<Uint8Array | undefined> {
    const init = (): Uint8Array | undefined => this.ctx.storage.kv.get<Uint8Array>(`init:${representation}`);
    return this.#changes.until(init, INIT_HOLD_MS);
  }

  deleteInit(representation: RepresentationId): void {
    this.ctx.storage.kv.delete(`init:${representation}`);
  }

  /** @returns why not, where the edge can't take one more stream */
  async putManifest(stream: StreamName, manifest: string): Promise<Problem | undefined> {
    if (!(await this.#isListed(stream))) return TOO_MANY_STREAMS;
    this.ctx.storage.kv.put('manifest', manifest);
    this.#changes.notify();
    return undefined;
  }

  /** Forgets the stream. Its agents are sent away: they come back, and announce it anew. */
  async remove(stream: StreamName): Promise<void> {
    for (const socket of this.ctx.getWebSockets()) socket.close(1012, 'the stream was removed');
    this.#statistics.clear();
    await this.ctx.storage.deleteAll();
    await directoryOf(this.env).remove(stream);
    this.#changes.notify();
  }

  /** An encoder that numbers as it likes has opened a segment: the edge learns which numbers can exist. */
  observe(representation: RepresentationId, number: SegmentNumber): void {
    this.ctx.storage.kv.put('newest', { ...this.#newest(), [representation]: number });
  }

  /** Gives everyone this representation, or, without one, what suits each. @returns whether the stream has it */
  force(representation: RepresentationId | undefined): boolean {
    const tracks = this.#description()?.tracks ?? [];
    const known = tracks.some((track) => track.representations.some(({ id }) => id === representation));
    if (representation === undefined) this.ctx.storage.kv.delete('forced');
    else if (known) this.ctx.storage.kv.put('forced', representation);
    return known || (representation === undefined && this.#description() !== undefined);
  }

  /** A client has asked for a segment. */
  record(client: string, time: Milliseconds, told: Partial<RequestFigures>): void {
    this.#statistics.record(client, time, told);
  }

  statistics(stream: StreamName): StreamStatistics {
    return this.#statistics.read(stream);
  }

  clearStatistics(): void {
    this.#statistics.clear();
  }

  /** The agent's WebSocket. */
  override fetch(request: Request): Response {
    if (request.headers.get('upgrade') !== 'websocket') return toResponse({ kind: 'upgrade needed' });
    const agents = this.ctx.getWebSockets().length;
    if (agents >= MAX_AGENTS) {
      const expected = `at most ${MAX_AGENTS} agents on a stream`;
      return toResponse({ kind: 'out of bounds', status: 409, expected, got: 'one more' });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const stream = new URL(request.url).pathname.slice(1);
    this.ctx.acceptWebSocket(server, [stream]);
    server.serializeAttachment({ state: 'idle' } satisfies Attachment);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const message = this.#pace.allows(socket, milliseconds(Date.now())) ? parseAgentMessage(data) : TOO_FAST;
    if (typeof message === 'string') {
      socket.close(1008, message);
      return;
    }
    switch (message.type) {
      case 'announce':
        if (!(await this.#isListed(this.#streamOf(socket)))) {
          socket.close(1008, reasonOf(`expected ${TOO_MANY_STREAMS.expected}, got ${TOO_MANY_STREAMS.got}`));
          return;
        }
        this.ctx.storage.kv.put('description', message.description);
        this.ctx.storage.kv.delete('manifest');
        break;
      case 'state':
        socket.serializeAttachment({ state: message.state, detail: message.detail } satisfies Attachment);
        break;
    }
    this.#changes.notify();
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 say that no code came; neither may be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
    this.#changes.notify();
  }

  /** Before anything is stored: what is there is in the Directory. */
  async #isListed(stream: StreamName): Promise<boolean> {
    if (this.ctx.storage.kv.get<boolean>('listed') === true) return true;
    const listed = await directoryOf(this.env).add(stream);
    if (listed) this.ctx.storage.kv.put('listed', true);
    return listed;
  }

  #streamOf(socket: WebSocket): StreamName {
    return this.ctx.getTags(socket)[0] as StreamName;
  }

  /** One that an older edge took and this one would not is none, until its agent announces it again. */
  #description(): StreamDescription | undefined {
    return streamDescriptionSchema.safeParse(this.ctx.storage.kv.get('description')).data;
  }

  #forced(): RepresentationId | undefined {
    return this.ctx.storage.kv.get<RepresentationId>('forced');
  }

  #newest(): Record<RepresentationId, SegmentNumber> {
    return this.ctx.storage.kv.get<Record<RepresentationId, SegmentNumber>>('newest') ?? {};
  }

  #inits(): string[] {
    return [...this.ctx.storage.kv.list({ prefix: 'init:', limit: 1 })].map(([key]) => key);
  }

  #state(): { state: StreamState; detail: string | undefined } {
    const agents = this.ctx.getWebSockets().map((socket) => attachmentSchema.safeParse(socket.deserializeAttachment()));
    for (const rank of RANK) {
      const agent = agents.find(({ success, data }) => success && data.state === rank);
      if (agent?.success === true) return { state: rank, detail: agent.data.detail };
    }
    return { state: 'offline', detail: undefined };
  }

  #whyNotReady(): string {
    const { state, detail } = this.#state();
    return state === 'offline' ? 'its agent is not connected' : (detail ?? `its camera is ${state}`);
  }
}

/**
 * Undefined while the camera is on its way. In an outage what is known is served: the manifest never changes, and a
 * player that has it goes on by itself when the camera is back.
 */
function manifestSourceOf(snapshot: StreamSnapshot): ManifestSource | undefined {
  switch (snapshot.kind) {
    case 'unknown':
      return { kind: 'unknown' };
    case 'pushed':
      return snapshot.manifest === undefined ? undefined : { kind: 'document', manifest: snapshot.manifest };
    case 'announced': {
      const known = snapshot.description.tracks.length > 0;
      const underWay = snapshot.state === 'idle' || snapshot.state === 'starting';
      return known && !underWay ? { kind: 'description', description: snapshot.description } : undefined;
    }
  }
}

/** @returns what is wrong with it, where it is no agent message */
function parseAgentMessage(data: string | ArrayBuffer): AgentMessage | string {
  if (typeof data !== 'string') return 'expected text, got bytes';
  if (data.length > MAX_MESSAGE_BYTES) return `expected at most ${MAX_MESSAGE_BYTES} characters, got ${data.length}`;
  const message = agentMessageSchema.safeParse(parseJson(data));
  if (message.success) return message.data;
  const [issue] = message.error.issues;
  const where = issue?.path.join('.') ?? '';
  return reasonOf(`expected an agent message: ${where === '' ? '' : `${where}: `}${issue?.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 6455, 5.5: the reason of a close has 123 bytes. */
const reasonOf = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 123);
