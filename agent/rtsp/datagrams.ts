import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Clock } from '../clock.ts';
import { milliseconds } from '../../protocol/units.ts';
import type { Pair } from './transport.ts';

/** Ports are tried at random until two neighbours are free. */
const ATTEMPTS = 20;
const FIRST_PORT = 20_000;
const PORTS = 40_000;
/** A keyframe of a large picture comes in one burst. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** How often a camera is told that somebody listens (RFC 3550, 6.2). */
const REPORT_INTERVAL = milliseconds(5000);

/** An empty RTP packet and an empty receiver report (RFC 3550, 6.4.2): they open the way back through a NAT. */
const EMPTY_RTP = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const EMPTY_REPORT = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0);

export interface DatagramOptions {
  /** Addresses of the connection's ends: packets of others than the camera are dropped. */
  readonly local: string;
  readonly remote: string;
  readonly onPacket: (packet: Uint8Array) => void;
  readonly clock: Clock;
  /** Closes the ports. */
  readonly signal: AbortSignal;
}

/** Two neighbouring UDP ports for a track's RTP and RTCP (RFC 3550, 11). */
export class DatagramPorts {
  readonly pair: Pair;
  readonly #sockets: readonly [rtp: Socket, rtcp: Socket];
  readonly #options: DatagramOptions;
  #source: string | undefined;

  /** @throws Error where no two neighbours are free */
  static async open(options: DatagramOptions): Promise<DatagramPorts> {
    for (let attempt = 1; ; attempt += 1) {
      const rtp = FIRST_PORT + 2 * randomInt(PORTS / 2);
      const sockets = [socketFor(options.remote), socketFor(options.remote)] as const;
      try {
        await Promise.all([bind(sockets[0], rtp, options.local), bind(sockets[1], rtp + 1, options.local)]);
        return new DatagramPorts(sockets, { rtp, rtcp: rtp + 1 }, options);
      } catch (error) {
        for (const socket of sockets) socket.close();
        if (attempt === ATTEMPTS || options.signal.aborted) throw error;
      }
    }
  }

  private constructor(sockets: readonly [Socket, Socket], pair: Pair, options: DatagramOptions) {
    this.pair = pair;
    this.#sockets = sockets;
    this.#options = options;
    const remote = plain(options.remote);
    for (const socket of sockets) {
      // Such as «port unreachable», before the camera has opened its own: it says nothing of what comes.
      socket.on('error', () => {});
      socket.on('message', (packet, { address }) => {
        if (plain(address) === remote || plain(address) === this.#source) options.onPacket(packet);
      });
    }
    const close = (): void => sockets.forEach((socket) => socket.close());
    if (options.signal.aborted) close();
    else options.signal.addEventListener('abort', close, { once: true });
  }

  /**
   * Tells the camera that somebody listens, again and again.
   * @param ports of the camera's; undefined where it doesn't say
   * @param source another address of the camera's, which it sends from
   */
  greet(ports: Pair | undefined, source: string | undefined): void {
    this.#source = source;
    // Never rejects: it sends until the ports are closed.
    if (ports !== undefined) void this.#greet(ports);
  }

  async #greet(ports: Pair): Promise<void> {
    const { clock, remote, signal } = this.#options;
    const [rtp, rtcp] = this.#sockets;
    // Whether it arrives isn't known, and makes no difference. To the camera only, whatever source it names.
    const send = (socket: Socket, packet: Uint8Array, port: number): void =>
      socket.send(packet, port, plain(remote), () => {});
    if (!signal.aborted && ports.rtp !== 0) send(rtp, EMPTY_RTP, ports.rtp);
    while (!signal.aborted && ports.rtcp !== 0) {
      send(rtcp, EMPTY_REPORT, ports.rtcp);
      await clock.sleep(REPORT_INTERVAL, signal);
    }
  }
}

const socketFor = (address: string): Socket =>
  createSocket({ type: isIPv6(plain(address)) ? 'udp6' : 'udp4', recvBufferSize: BUFFER_BYTES });

async function bind(socket: Socket, port: number, address: string): Promise<void> {
  socket.bind(port, plain(address));
  await once(socket, 'listening');
}

/** An IPv4 address, where a socket for IPv6 has it as `::ffff:10.0.0.5`. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d)/i, '');
