/** The embedded edge alone, and those who talk to it by hand: connections that can be cut off anywhere. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { assert } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { startEmbeddedEdge } from '../../../agent/embedded-edge.ts';
import type { AgentMessage } from '../../../protocol/control.ts';
import { WRITER_HEADER } from '../../../protocol/headers.ts';
import type { RepresentationId, StreamName } from '../../../protocol/names.ts';
import { agentPath, mediaPath } from '../../../protocol/paths.ts';
import { seconds } from '../../../protocol/units.ts';
import { TEST_SECRET } from '../../secret.ts';
import { publishToken } from './edge-process.ts';
import { startSplitEdge, type SplitEdge } from './split-edge.ts';

const SEGMENT_DURATION = seconds(60);
/** As many as a track may have. */
const REPRESENTATIONS = Array.from({ length: 16 }, (_, id) => String(id) as RepresentationId);

/** How the edge runs: embedded, or split as at Cloudflare. */
export type Layout = 'one process' | 'two processes';
export const LAYOUTS: readonly Layout[] = ['one process', 'two processes'];

/** An edge with one stream that is live, as far as the edge can tell. */
export class EdgeAlone implements AsyncDisposable {
  readonly url: URL;
  readonly authorization: string;
  /** What the edge could not help saying. */
  readonly complaints: readonly string[];
  readonly #end: () => Promise<void>;

  private constructor(url: URL, token: string, complaints: readonly string[], end: () => Promise<void>) {
    this.url = url;
    this.authorization = `Bearer ${token}`;
    this.complaints = complaints;
    this.#end = end;
  }

  static async start(stream: StreamName, layout: Layout = 'one process'): Promise<EdgeAlone> {
    const complaints: string[] = [];
    const { url, close } = await start[layout]((message) => complaints.push(message));
    const token = await publishToken();
    const agent = new WebSocket(new URL(`${agentPath(stream)}?token=${token}`, url.href.replace(/^http/, 'ws')));
    await once(agent, 'open');
    for (const message of messages) agent.send(JSON.stringify(message));
    const edge = new EdgeAlone(url, token, complaints, async () => {
      agent.close();
      await close();
    });
    // Held until the camera is live.
    assert.equal(await edge.status(mediaPath(stream, { kind: 'manifest' })), 200);
    return edge;
  }

  /** Segments that may be put now and in half a minute, one of each representation. */
  segmentPaths(stream: StreamName): string[] {
    const number = Math.floor((Date.now() / 1000 + SEGMENT_DURATION / 2) / SEGMENT_DURATION);
    return REPRESENTATIONS.map((representation) => `/${stream}/chunk-stream${representation}-${number}.m4s`);
  }

  get(path: string): ReturnType<typeof request> {
    return request(new URL(path, this.url), { headers: { authorization: this.authorization } });
  }

  async status(path: string): Promise<number> {
    const response = await this.get(path);
    await response.body.dump();
    return response.statusCode;
  }

  /** A connection on which `head`, with its token, has been said. */
  async connect(head: readonly string[]): Promise<Socket> {
    const socket = connect(Number(this.url.port), '127.0.0.1').setEncoding('latin1');
    await once(socket, 'connect');
    socket.write([...head, 'Host: edge', `Authorization: ${this.authorization}`, '', ''].join('\r\n'));
    return socket;
  }

  async put(path: string, writer: string, framing = 'Transfer-Encoding: chunked'): Promise<Put> {
    return new Put(await this.connect([`PUT ${path} HTTP/1.1`, `${WRITER_HEADER}: ${writer}`, framing]));
  }

  async watch(path: string): Promise<Viewer> {
    const response = await this.get(path);
    assert.equal(response.statusCode, 200);
    return new Viewer(response.body);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

const start: Record<Layout, (onError: (message: string) => void) => Promise<SplitEdge>> = {
  'one process': (onError) =>
    startEmbeddedEdge({
      host: '127.0.0.1',
      port: 0,
      https: undefined,
      secret: TEST_SECRET,
      playback: 'token',
      timeDisplacement: seconds(0),
      waitForAbsentSegment: true,
      clock: systemClock,
      onError,
      onNotice: () => {},
    }),
  'two processes': (onError) =>
    startSplitEdge({ bindings: { FASTLL_SECRET: TEST_SECRET, PLAYBACK: 'token', FAN_OUT: 'direct' }, onError }),
};

const messages: readonly AgentMessage[] = [
  {
    type: 'announce',
    description: {
      title: 'Sockets',
      segmentDuration: SEGMENT_DURATION,
      fragmentDuration: seconds(0.1),
      targetLatency: seconds(0.5),
      timeShift: seconds(120),
      serverSideRepresentationSwitching: false,
      public: false,
      tracks: [
        {
          kind: 'video',
          representations: REPRESENTATIONS.map((id) => ({
            ...{ id, codecs: 'avc1.64001f', bandwidth: 1_000_000 },
            ...{ width: 640, height: 360, frameRate: 25 },
          })),
        },
      ],
    },
  },
  { type: 'state', state: 'live' },
];

/** A PUT by hand. */
export class Put {
  readonly socket: Socket;
  #answer = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (text: string) => {
      this.#answer += text;
      socket.emit('answer');
    });
    // One that is cut off is meant to be.
    socket.on('error', () => {});
  }

  chunk(data: string): void {
    this.socket.write(`${data.length.toString(16)}\r\n${data}\r\n`);
  }

  end(): void {
    this.socket.write('0\r\n\r\n');
  }

  /** What it is answered with. */
  async status(): Promise<number> {
    for (;;) {
      const code = /^HTTP\/1\.1 (\d+) /.exec(this.#answer)?.[1];
      if (code !== undefined) return Number(code);
      await once(this.socket, 'answer');
    }
  }

  /** Of the answer. */
  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)\r$`, 'im').exec(this.#answer)?.[1];
  }
}

/** A GET, read as far as a test wants. */
export class Viewer {
  readonly #body: AsyncIterator<Buffer>;
  #text = '';

  constructor(body: AsyncIterable<Buffer>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** Reads on until there is this much, which is to be all there is. */
  async receives(expected: string): Promise<void> {
    while (this.#text.length < expected.length) {
      const { done, value } = await this.#body.next();
      if (done === true) break;
      this.#text += value.toString('latin1');
    }
    assert.equal(this.#text, expected);
  }

  /** Everything, once it has come to its end. */
  async whole(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#body.next();
      if (done === true) return this.#text;
      this.#text += value.toString('latin1');
    }
  }
}
