import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { FragmentMeter } from './relay-meter.ts';

/**
 * One viewer on one connection, as lean as can be (HTTP/1.1, RFC 9112; no library between the socket and the figures),
 * so that a thousand of them cost less than the server that is measured. It asks for one path after the other.
 *
 *     closed ── ask ──▶ head ──▶ body ──▶ idle ── ask ──▶ head
 *                                  └─ the server closes ──▶ closed
 */
export interface ViewerEvents {
  /** A response has ended, or failed. */
  readonly ended: (path: string, meter: FragmentMeter, error: Error | undefined) => void;
}

type Body =
  | { kind: 'chunked'; left: number; line: string; last: boolean }
  | { kind: 'length'; left: number }
  | { kind: 'until close' };

/** What all viewers of a thread read into: what is in it is looked at before anything else is read. */
const shared = Buffer.allocUnsafe(256 * 1024);
const LF = 10;

export class Viewer {
  readonly #origin: URL;
  readonly #headers: string;
  readonly #newMeter: () => FragmentMeter;
  readonly #events: ViewerEvents;
  readonly #paths: string[] = [];
  #socket: Socket | undefined;
  #path: string | undefined;
  #meter: FragmentMeter;
  #head = '';
  #body: Body | undefined;
  #error: Error | undefined;
  /** Whether the server will close the connection behind the response. */
  #last = false;

  constructor(origin: URL, headers: string, newMeter: () => FragmentMeter, events: ViewerEvents) {
    this.#origin = origin;
    this.#headers = headers;
    this.#newMeter = newMeter;
    this.#events = events;
    this.#meter = newMeter();
  }

  /** Asks for a path, as soon as the one before has ended. */
  ask(path: string): void {
    this.#paths.push(path);
    this.#next();
  }

  /** Reads no further: what a viewer on a dead network does. */
  stall(): void {
    this.#socket?.pause();
  }

  close(): void {
    this.#paths.length = 0;
    this.#path = undefined;
    this.#socket?.destroy();
  }

  #next(): void {
    if (this.#path !== undefined) return;
    this.#path = this.#paths.shift();
    if (this.#path === undefined) return;
    this.#meter = this.#newMeter();
    this.#head = '';
    this.#body = undefined;
    this.#error = undefined;
    this.#socket ??= this.#connect();
    this.#socket.write(`GET ${this.#path} HTTP/1.1\r\nHost: ${this.#origin.host}\r\n${this.#headers}\r\n`);
  }

  #connect(): Socket {
    const { hostname, protocol } = this.#origin;
    const secure = protocol === 'https:';
    const port = Number(this.#origin.port) || (secure ? 443 : 80);
    const take = (length: number, buffer: Uint8Array): boolean => {
      this.#take(buffer as Buffer, length);
      return true;
    };
    const socket = secure
      ? connectSecurely({ host: hostname, port, servername: hostname })
      : connect({ host: hostname, port, noDelay: true, onread: { buffer: shared, callback: take } });
    if (secure) socket.on('data', (piece: Buffer) => take(piece.length, piece));
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#closed();
    });
    return socket;
  }

  #closed(): void {
    this.#socket = undefined;
    if (this.#path === undefined) return;
    if (this.#body?.kind !== 'until close') this.#error ??= new Error('the response was cut off');
    this.#end();
  }

  #end(): void {
    const path = this.#path ?? '';
    this.#path = undefined;
    if (this.#last) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    this.#events.ended(path, this.#meter, this.#error);
    this.#next();
  }

  #take(buffer: Buffer, length: number): void {
    const now = monotonicMs();
    let at = 0;
    while (at < length && this.#path !== undefined) {
      at =
        this.#body === undefined
          ? this.#takeHead(buffer, at, length)
          : this.#takeBody(this.#body, buffer, at, length, now);
    }
  }

  #takeHead(buffer: Buffer, from: number, to: number): number {
    const before = this.#head.length;
    this.#head += buffer.toString('latin1', from, to);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return to;
    const head = this.#head.slice(0, end + 2);
    const status = Number(head.slice(9, 12));
    if (status !== 200) this.#error ??= new Error(`GET answered ${status}`);
    this.#body = bodyOf(head);
    this.#last = /^HTTP\/1\.0|\r\nconnection: *close\r\n/i.test(head);
    if (this.#body.kind === 'length' && this.#body.left === 0) this.#end();
    return from + end + 4 - before;
  }

  #takeBody(body: Body, buffer: Buffer, from: number, to: number, now: number): number {
    if (body.kind === 'chunked' && body.left === 0) return this.#takeChunkLine(body, buffer, from, to);
    const end = body.kind === 'until close' ? to : Math.min(to, from + body.left);
    this.#meter.take(buffer, from, end, now);
    if (body.kind === 'until close') return end;
    body.left -= end - from;
    if (body.kind === 'length' && body.left === 0) this.#end();
    return end;
  }

  /** The line between two chunks, or one of those behind the last (RFC 9112, 7.1). */
  #takeChunkLine(body: Body & { kind: 'chunked' }, buffer: Buffer, from: number, to: number): number {
    const feed = buffer.indexOf(LF, from);
    const end = feed === -1 || feed >= to ? to : feed + 1;
    body.line += buffer.toString('latin1', from, end);
    if (!body.line.endsWith('\n')) return end;
    const line = body.line.trim();
    body.line = '';
    if (body.last) {
      if (line === '') this.#end();
    } else if (line !== '') {
      body.left = Number.parseInt(line, 16);
      body.last = body.left === 0;
    }
    return end;
  }
}

function bodyOf(head: string): Body {
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return { kind: 'chunked', left: 0, line: '', last: false };
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  return length === undefined ? { kind: 'until close' } : { kind: 'length', left: Number(length) };
}

/** Milliseconds of a clock that all threads share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
