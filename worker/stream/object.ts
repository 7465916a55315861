import { DurableObject } from 'cloudflare:workers';
import { PING, PONG } from '../../protocol/control.ts';
import {
  representationOf,
  streamDescriptionSchema,
  videoRepresentationsOf,
  type StreamDescription,
} from '../../protocol/description.ts';
import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';
import type { RequestFigures } from '../../protocol/statistics.ts';
import { directoryOf, MAX_STREAMS } from '../directory.ts';
import { Deletions, type Arrival } from '../arrival.ts';
import type { Env } from '../env.ts';
import { toResponse, type Problem } from '../errors.ts';
import { StatisticsTable, type TablePage } from '../statistics/table.ts';
import { Agents } from './agents.ts';
import { Changes } from './changes.ts';
import { DEFAULT_SEGMENT_DURATION, maxSegmentDuration, type ManifestSource, type StreamSnapshot } from './snapshot.ts';

/** How long a request for a manifest waits for a camera that has to start first. */
const START_HOLD_MS = 10_000;
/** How long one for an init segment waits. */
const INIT_HOLD_MS = 5000;

const TOO_MANY_STREAMS = {
  kind: 'out of bounds',
  status: 409,
  expected: `at most ${MAX_STREAMS} streams on an edge: delete one first`,
  got: 'one more',
} as const satisfies Problem;

const ANNOUNCED = {
  kind: 'out of bounds',
  status: 409,
  expected: 'a stream that no agent has announced: DELETE its manifest to push another',
  got: 'one whose manifest the edge makes',
} as const satisfies Problem;

/** What an encoder may DELETE here. */
type Deletable = 'stream' | `init:${RepresentationId}`;

/**
 * One stream: what its agent announced or what an encoder pushed, its init segments, and the WebSockets of its agents,
 * which may hibernate. Its storage holds what must be there again after a restart; no GET of a segment comes here.
 */
export class Stream extends DurableObject<Env> {
  readonly #changes = new Changes();
  readonly #deletions = new Deletions<Deletable>();
  readonly #agents: Agents;
  readonly #statistics: StatisticsTable;

  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    this.#agents = new Agents(context);
    this.#statistics = new StatisticsTable(context.storage.sql);
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Small: every isolate that serves the stream asks for it once a second. */
  snapshot(): StreamSnapshot {
    const described = this.#description();
    if (described !== undefined) {
      const { definition: _, ...description } = described;
      return { kind: 'announced', description, ...this.#agents.state(now()), forced: this.#forced() };
    }
    const segmentDuration = this.#pushedDuration();
    if (segmentDuration === undefined && this.#inits().length === 0) return { kind: 'unknown' };
    return { kind: 'pushed', newest: this.#newest(), segmentDuration: segmentDuration ?? DEFAULT_SEGMENT_DURATION };
  }

  /** The stream as its agent's configuration has it, for `/conf`. */
  definition(): string | undefined {
    return this.#description()?.definition;
  }

  /** What the manifest is made of; wakes a camera that sleeps and waits for it. */
  async manifestSource(): Promise<ManifestSource> {
    this.want();
    const ready = await this.#changes.until(() => this.#manifestSource(), START_HOLD_MS);
    return ready ?? { kind: 'not ready', detail: this.#whyNotReady() };
  }

  /** Somebody wants to watch. @param representation one that is made on demand */
  want(representation?: RepresentationId): void {
    this.#agents.want(now(), representation);
  }

  /** @returns why not, where the edge can't take one more stream */
  async putInit(
    stream: StreamName,
    representation: RepresentationId,
    bytes: Uint8Array,
    arrival: Arrival,
  ): Promise<Problem | undefined> {
    const name = `init:${representation}` as const;
    return this.#store(stream, name, arrival, () => this.ctx.storage.kv.put(name, bytes));
  }

  async init(representation: RepresentationId): Promise<Uint8Array | undefined> {
    if (this.#isOnDemand(representation)) this.want(representation);
    const init = (): Uint8Array | undefined => this.ctx.storage.kv.get<Uint8Array>(`init:${representation}`);
    return this.#changes.until(init, INIT_HOLD_MS);
  }

  deleteInit(representation: RepresentationId, arrival: Arrival): void {
    this.#deletions.add(`init:${representation}`, arrival);
    this.ctx.storage.kv.delete(`init:${representation}`);
  }

  /** @returns why not, where the edge can't take one more stream */
  async putManifest(stream: StreamName, manifest: string, arrival: Arrival): Promise<Problem | undefined> {
    if (this.#description() !== undefined) return ANNOUNCED;
    return this.#store(stream, 'stream', arrival, () => {
      this.ctx.storage.kv.put('manifest', manifest);
      this.ctx.storage.kv.put('segmentDuration', maxSegmentDuration(manifest));
    });
  }

  /** Forgets the stream. Its agents are sent away: they come back, and announce it anew. */
  async remove(stream: StreamName, arrival: Arrival): Promise<void> {
    this.#deletions.add('stream', arrival);
    this.#agents.dismiss('the stream was removed');
    this.#statistics.clear();
    await this.ctx.storage.deleteAll();
    await this.#unlist(stream);
    this.#changes.notify();
  }

  /** An encoder that numbers as it likes has opened a segment: the edge learns which numbers can exist. */
  observe(representation: RepresentationId, number: SegmentNumber): void {
    this.ctx.storage.kv.put('newest', { ...this.#newest(), [representation]: number });
  }

  /** Gives everyone this representation of the picture, or, without one, what suits each. @returns whether there is it */
  force(representation: RepresentationId | undefined): boolean {
    const description = this.#description();
    const known =
      description !== undefined && videoRepresentationsOf(description).some(({ id }) => id === representation);
    if (representation === undefined) this.ctx.storage.kv.delete('forced');
    else if (known) this.ctx.storage.kv.put('forced', representation);
    return known || (representation === undefined && description !== undefined);
  }

  /** A client has asked for a segment. */
  record(client: string, time: Milliseconds, told: Partial<RequestFigures>): void {
    this.#statistics.record(client, time, told);
  }

  /** @param after the mark of the page before */
  statisticsPage(after: string): TablePage {
    return this.#statistics.page(after);
  }

  clearStatistics(): void {
    this.#statistics.clear();
  }

  /** The agent's WebSocket. */
  override fetch(request: Request): Response {
    if (request.headers.get('upgrade') !== 'websocket') return toResponse({ kind: 'upgrade needed' });
    return this.#agents.accept(new URL(request.url).pathname.slice(1) as StreamName, now());
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const message = this.#agents.hear(socket, data, now());
    if (message?.type === 'announce') await this.#announced(socket, message.description);
    this.#changes.notify();
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 say that no code came; neither may be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
    this.#changes.notify();
  }

  async #announced(socket: WebSocket, description: StreamDescription): Promise<void> {
    if (!(await this.#isListed(this.#agents.streamOf(socket)))) {
      const { expected, got } = TOO_MANY_STREAMS;
      this.#agents.refuse(socket, 1008, `expected ${expected}, got ${got}`);
      return;
    }
    this.ctx.storage.kv.put('description', description);
    this.ctx.storage.kv.delete('manifest');
    this.ctx.storage.kv.delete('segmentDuration');
  }

  /** What was deleted since it came is not kept: an encoder's PUT may be longer on its way than its DELETE. */
  async #store(stream: StreamName, name: Deletable, arrival: Arrival, put: () => void): Promise<Problem | undefined> {
    const isDeleted = (): boolean => [name, 'stream' as const].some((one) => this.#deletions.has(one, arrival));
    if (isDeleted()) return undefined;
    const isListed = await this.#isListed(stream);
    if (isDeleted()) {
      // The stream went while it was being listed.
      if (this.#deletions.has('stream', arrival)) await this.#unlist(stream);
      return undefined;
    }
    if (!isListed) return TOO_MANY_STREAMS;
    put();
    this.#changes.notify();
    return undefined;
  }

  async #unlist(stream: StreamName): Promise<void> {
    this.ctx.storage.kv.delete('listed');
    await directoryOf(this.env).remove(stream);
  }

  /** Before anything is stored: what is there is in the Directory. */
  async #isListed(stream: StreamName): Promise<boolean> {
    if (this.ctx.storage.kv.get<boolean>('listed') === true) return true;
    const listed = await directoryOf(this.env).add(stream);
    if (listed) this.ctx.storage.kv.put('listed', true);
    return listed;
  }

  /** One that an older edge took and this one would not is none, until its agent announces it again. */
  #description(): StreamDescription | undefined {
    return streamDescriptionSchema.safeParse(this.ctx.storage.kv.get('description')).data;
  }

  #isOnDemand(representation: RepresentationId): boolean {
    const description = this.#description();
    return description !== undefined && representationOf(description, representation)?.onDemand === true;
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

  /** Of the segments of a stream whose encoder has sent a manifest. */
  #pushedDuration(): Seconds | undefined {
    return this.ctx.storage.kv.get<Seconds>('segmentDuration');
  }

  /**
   * Undefined while the camera is on its way. In an outage what is known is served: the manifest never changes, and a
   * player that has it goes on by itself when the camera is back.
   */
  #manifestSource(): ManifestSource | undefined {
    const snapshot = this.snapshot();
    switch (snapshot.kind) {
      case 'unknown':
        return { kind: 'unknown' };
      case 'pushed': {
        const manifest = this.ctx.storage.kv.get<string>('manifest');
        return manifest === undefined ? undefined : { kind: 'document', manifest };
      }
      case 'announced': {
        const known = snapshot.description.tracks.length > 0;
        const underWay = snapshot.state === 'idle' || snapshot.state === 'starting';
        return known && !underWay ? { kind: 'description', description: snapshot.description } : undefined;
      }
    }
  }

  #whyNotReady(): string {
    const { state, detail } = this.#agents.state(now());
    return state === 'offline' ? 'its agent is not connected' : (detail ?? `its camera is ${state}`);
  }
}

/** The object's only look at the clock. */
const now = (): Milliseconds => milliseconds(Date.now());
