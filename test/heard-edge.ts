import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeConnections, connections, type Edge } from '../agent/upload/edge.ts';
import { VIEWERS_HEADER } from '../protocol/headers.ts';

/** One PUT, as the edge has it. */
export interface HeardPut {
  readonly file: string;
  readonly headers: IncomingMessage['headers'];
  /** How its body is, so far. */
  state: 'open' | 'whole' | 'broken off';
  bytes: Buffer;
}

/** An edge that only listens, over real sockets: what agents send it, and answers that a test decides on. */
export class HeardEdge {
  readonly puts: HeardPut[] = [];
  readonly messages: { readonly type: string; readonly state?: string; readonly detail?: string }[] = [];
  /** How many GETs a segment has had, as is said in the answer to its PUT. */
  viewers = 0;
  readonly edge: Edge;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #socket: WebSocket | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => this.#take(request, response));
    server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#socket = webSocket;
        webSocket.on('message', (data: Buffer) => {
          const text = data.toString();
          if (text !== 'ping') this.messages.push(JSON.parse(text));
          this.#changes();
        });
        this.#changes();
      });
    });
    const { port } = server.address() as AddressInfo;
    this.edge = {
      base: new URL(`http://127.0.0.1:${port}`),
      ...connections(),
      token: () => Promise.resolve('a token'),
    };
  }

  static async start(): Promise<HeardEdge> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HeardEdge(server);
  }

  /** Tells the agent that somebody wants to watch. @param representation one that is made on demand */
  async want(representation?: string): Promise<void> {
    await this.until(() => this.#socket !== undefined);
    this.#socket?.send(JSON.stringify({ type: 'wanted', representation }));
  }

  /** The states that the agent has told, in order. */
  get states(): string[] {
    return this.messages.flatMap(({ state }) => state ?? []);
  }

  /** PUTs of a segment, in order. */
  segment(number: number, representation = 0): HeardPut[] {
    return this.puts.filter(({ file }) => file === `chunk-stream${representation}-${number}.m4s`);
  }

  /** Waits for what the agent does; no longer than a test may take. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await closeConnections(this.edge);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const file = request.url?.split('/').at(-1) ?? '';
    const put: HeardPut = { file, headers: request.headers, state: 'open', bytes: Buffer.alloc(0) };
    this.puts.push(put);
    request.on('data', (piece: Buffer) => {
      put.bytes = Buffer.concat([put.bytes, piece]);
      this.#changes();
    });
    request.on('end', () => {
      put.state = 'whole';
      response.writeHead(201, { [VIEWERS_HEADER]: String(this.viewers) }).end('{}');
      this.#changes();
    });
    request.on('close', () => {
      if (put.state === 'open') put.state = 'broken off';
      this.#changes();
    });
    this.#changes();
  }

  #changes(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
