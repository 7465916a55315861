import { createExecutionContext, listDurableObjectIds, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterAll, assert, vi } from 'vitest';
import { edgeMessageSchema, PING, PONG, type CameraState, type EdgeMessage } from '../../protocol/control.ts';
import type { streamDescriptionSchema } from '../../protocol/description.ts';
import { WRITER_HEADER } from '../../protocol/headers.ts';
import { isStreamName, type StreamName } from '../../protocol/names.ts';
import { agentPath } from '../../protocol/paths.ts';
import { signToken, type Right, type TokenClaims } from '../../protocol/token.ts';
import type { Env } from '../../worker/env.ts';
import { routes } from '../../worker/routes.ts';
import type { Segment } from '../../worker/segment/object.ts';
import type { Stream } from '../../worker/stream/object.ts';
import type * as z from 'zod';
import { TEST_SECRET } from '../secret.ts';

/** Where the edge is for those who ask it. */
export const EDGE = 'https://edge.test';

/** Asks the edge as a player, an encoder or a script does. */
export const ask = (path: string, init?: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(new URL(path, EDGE), { redirect: 'manual', ...init }));

/** Asks an edge that is configured otherwise than wrangler.toml says. */
export async function askEdgeWith(variables: Partial<Env>, path: string, init?: RequestInit): Promise<Response> {
  return routes.fetch(new Request(new URL(path, EDGE), init), { ...env, ...variables }, createExecutionContext());
}

/** A token for an hour. */
export const token = (scope: Right, sub: TokenClaims['sub']): Promise<string> =>
  signToken({ sub, scope, exp: Math.floor(Date.now() / 1000) + 3600 }, TEST_SECRET);

export const bearer = (jwt: string): { authorization: string } => ({ authorization: `Bearer ${jwt}` });

/** What one who may do everything sends along. */
export const anything = bearer(await token('publish', '*'));
/** What one who may only watch sends along. */
export const watching = bearer(await token('play', '*'));

/** A name that no other test uses. */
export function newName(): StreamName {
  const name = `cam_${crypto.randomUUID().slice(0, 8)}`;
  if (!isStreamName(name)) throw new Error(`expected a stream name, got ${name}`);
  return name;
}

export type Description = z.input<typeof streamDescriptionSchema>;

/** Segments so long that a test is over before they are. */
export const DESCRIPTION = {
  title: 'Front door',
  segmentDuration: 60,
  fragmentDuration: 0.1,
  targetLatency: 0.5,
  timeShift: 120,
  serverSideRepresentationSwitching: false,
  public: false,
  tracks: [
    {
      kind: 'video',
      representations: [
        { id: '0', codecs: 'avc1.64001f', bandwidth: 2_000_000, width: 1280, height: 720, frameRate: 25 },
        { id: '1', codecs: 'avc1.64001e', bandwidth: 500_000, width: 640, height: 360, frameRate: 12.5 },
      ],
    },
  ],
} satisfies Description;

/** An agent's WebSocket. */
export class Agent {
  readonly #socket: WebSocket;
  readonly #messages: EdgeMessage[] = [];
  #pongs = 0;
  /** How the edge closed it. */
  readonly closed: Promise<CloseEvent>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.accept();
    socket.addEventListener('message', ({ data }) => {
      if (data === PONG) this.#pongs += 1;
      else this.#messages.push(edgeMessageSchema.parse(JSON.parse(String(data))));
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', resolve);
    });
  }

  static async connect(stream: StreamName): Promise<Agent> {
    const response = await ask(agentPath(stream), { headers: { ...anything, upgrade: 'websocket' } });
    if (response.webSocket === null) throw new Error(`expected a WebSocket, got ${response.status}`);
    const agent = new Agent(response.webSocket);
    connected.push(agent);
    return agent;
  }

  send(data: string | ArrayBuffer): void {
    this.#socket.send(data);
  }

  announce(description: Description): void {
    this.send(JSON.stringify({ type: 'announce', description }));
  }

  say(state: CameraState, detail?: string): void {
    this.send(JSON.stringify({ type: 'state', state, detail }));
  }

  /** All that the edge had said when it answered a `ping` of now. */
  async heard(): Promise<readonly EdgeMessage[]> {
    const pongs = this.#pongs + 1;
    this.send(PING);
    await until(() => this.#pongs === pongs);
    return this.#messages;
  }

  /** Until the edge has said something. */
  hears(): Promise<void> {
    return until(() => this.#messages.length > 0);
  }

  close(): void {
    if (this.#socket.readyState < WebSocket.CLOSING) this.#socket.close(1000);
  }
}

const connected: Agent[] = [];
afterAll(() => {
  for (const agent of connected) agent.close();
});

export const streamOf = (stream: StreamName): DurableObjectStub<Stream> => env.STREAM.getByName(stream);

/** Until `check` holds, a few seconds at most. Looks at no clock that a test may have stopped. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) {
    if (await check()) return;
    await scheduler.wait(5);
  }
  throw new Error(`did not come true: ${String(check)}`);
}

/** Until the edge has taken in what the agent said. */
export const untilState = (stream: StreamName, state: CameraState | 'offline'): Promise<void> =>
  until(async () => {
    const snapshot = await streamOf(stream).snapshot();
    return snapshot.kind === 'announced' && snapshot.state === state;
  });

/** A stream whose camera is live. */
export async function liveStream(overrides: Partial<Description> = {}): Promise<{ name: StreamName; agent: Agent }> {
  const name = newName();
  const agent = await Agent.connect(name);
  agent.announce({ ...DESCRIPTION, ...overrides });
  agent.say('live');
  await untilState(name, 'live');
  return { name, agent };
}

/** A segment that is being made now, or is about to be, and will be for the next half minute. */
export const numberNow = (): number => Math.round(Date.now() / 1000 / DESCRIPTION.segmentDuration);

/** Where one segment is found, from outside and from inside. */
export interface SegmentPlace {
  readonly path: string;
  readonly object: DurableObjectStub<Segment>;
}

export const placeOf = (stream: StreamName, number: number, representation = '0'): SegmentPlace => ({
  path: `/${stream}/chunk-stream${representation}-${number}.m4s`,
  object: env.SEGMENT.getByName(`${stream}/${representation}/${number}`),
});

/** The segment that a stream's camera is about to make. */
export async function dueSegment(): Promise<SegmentPlace> {
  const { name } = await liveStream();
  return placeOf(name, numberNow());
}

export async function exists(object: DurableObjectStub<Segment>): Promise<boolean> {
  const ids = await listDurableObjectIds(env.SEGMENT);
  return ids.some((id) => id.equals(object.id));
}

/** Until a request has reached an object that none had reached before. */
export const untilExists = (object: DurableObjectStub<Segment>): Promise<void> => until(() => exists(object));

/** A PUT whose body is written piece by piece. */
export class Put {
  readonly #body: WritableStreamDefaultWriter<Uint8Array>;
  readonly response: Promise<Response>;

  constructor(path: string, writer?: string, headers: Record<string, string> = anything) {
    const { readable, writable } = new IdentityTransformStream();
    this.#body = writable.getWriter();
    this.response = ask(path, {
      method: 'PUT',
      headers: writer === undefined ? headers : { ...headers, [WRITER_HEADER]: writer },
      body: readable,
    });
  }

  /** Until the edge has taken the piece. */
  write(piece: string | Uint8Array): Promise<void> {
    return this.#body.write(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
  }

  async end(): Promise<Response> {
    // One whose PUT was answered before its end is told so by the answer.
    await this.#body.close().catch(() => {});
    return this.response;
  }
}

/** A whole segment at once. */
export async function putWhole(path: string, body: string | Uint8Array, writer?: string): Promise<Response> {
  const put = new Put(path, writer);
  await put.write(body);
  return put.end();
}

/** ISO/IEC 14496-12, 4.2 */
function box(type: string, content: readonly number[] = []): number[] {
  return [0, 0, 0, 8 + content.length, ...new TextEncoder().encode(type), ...content];
}

/** As little as passes for an init segment; `mark` tells one from another. */
export const initSegment = (mark = 0): Uint8Array => Uint8Array.from([...box('ftyp'), ...box('moov', [mark])]);

/** A GET whose body is read piece by piece. */
export class Viewer {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder('latin1');
  #text = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error('expected a body');
    this.response = response;
    this.#reader = response.body.getReader();
  }

  static async open(path: string, headers: Record<string, string> = watching): Promise<Viewer> {
    return new Viewer(await ask(path, { headers }));
  }

  /** Reads on until there is this much, which is to be all there is; a test ends when it does not come. */
  async receives(expected: string): Promise<void> {
    while (this.#text.length < expected.length) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.#text += this.#decoder.decode(value);
    }
    assert.equal(this.#text, expected);
  }

  /** Everything, once it has come to its end. */
  async whole(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#text;
      this.#text += this.#decoder.decode(value);
    }
  }
}

/** A stream of a foreign encoder, which numbers as it likes. */
export async function pushedStream(): Promise<StreamName> {
  const name = newName();
  const response = await ask(`/${name}/manifest.mpd`, { method: 'PUT', headers: anything, body: '<MPD></MPD>' });
  assert.equal(response.status, 201);
  return name;
}

/** Whether a promise is still open, now that all that was ready has had its turn. */
export async function pending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  // A round through the edge, so that whatever it was about to say has been said.
  return (await Promise.race([promise, ask('/version').then(() => open)])) === open;
}

/** Lets an object's timers see `ms` go by; needs `vi.useFakeTimers`. They have to run where they were set. */
export const passTime = (object: DurableObjectStub<Segment> | DurableObjectStub<Stream>, ms: number): Promise<void> =>
  runInDurableObject(object, () => {
    vi.advanceTimersByTime(ms);
  });
