import type { Duplex } from 'node:stream';
import type { Dial } from '../../../agent/rtsp/dial.ts';
import { wirePair } from './wire-pair.ts';

export interface Asked {
  readonly method: string;
  readonly uri: string;
  readonly head: string;
  /** Which request of this camera's it is, from 0 on. */
  readonly index: number;
}

/** Ends the connection. */
export const HANG_UP = Symbol('hang up');

/** What a scripted camera says to a request; undefined for nothing. */
export type Script = (asked: Asked, camera: ScriptedCamera) => string | Uint8Array | typeof HANG_UP | undefined;

const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n';

/** A camera without a network: it says what its script has, at once. */
export class ScriptedCamera {
  readonly asked: Asked[] = [];
  /** How many connections there were. */
  dials = 0;
  /** Ended by the client, or by the script. */
  ended = 0;
  #stream: Duplex | undefined;
  readonly #script: Script;

  constructor(script: Script = obedient) {
    this.#script = script;
  }

  get methods(): string[] {
    return this.asked.map(({ method }) => method);
  }

  readonly dial: Dial = () => {
    this.dials += 1;
    const [client, server] = wirePair();
    this.#stream = server;
    let text = '';
    client.on('error', () => {});
    server.on('error', () => {});
    client.on('close', () => (this.ended += 1));
    server.setEncoding('latin1').on('data', (chunk: string) => {
      const heads = (text + chunk).split('\r\n\r\n');
      text = heads.pop() ?? '';
      for (const head of heads) this.#answer(head);
    });
    return Promise.resolve({ stream: client, remoteAddress: undefined, localAddress: undefined });
  };

  /** Sends something of its own accord. */
  say(bytes: string | Uint8Array): void {
    this.#stream?.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  hangUp(): void {
    this.#stream?.end();
  }

  #answer(head: string): void {
    const [method = '', uri = ''] = head.split(' ');
    const asked = { method, uri, head, index: this.asked.length };
    this.asked.push(asked);
    const said = this.#script(asked, this);
    if (said === HANG_UP) this.hangUp();
    else if (said !== undefined) this.say(said);
  }
}

/** An answer to a request, with its number. */
export function answer({ head }: Asked, more: readonly string[] = [], body = '', status = '200 OK'): string {
  const [, cseq = ''] = /^CSeq: (\d+)/m.exec(head) ?? [];
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  return [`RTSP/1.0 ${status}`, `CSeq: ${cseq}`, ...more, ...length, '', body].join('\r\n');
}

/** Does as it should. */
export const obedient: Script = (asked) => {
  switch (asked.method) {
    case 'OPTIONS':
      return answer(asked, ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']);
    case 'DESCRIBE':
      return answer(asked, ['Content-Type: application/sdp'], SDP);
    case 'SETUP':
      return answer(asked, ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 42;timeout=20']);
    case 'TEARDOWN':
      return HANG_UP;
    default:
      return answer(asked, ['Session: 42']);
  }
};

/** An interleaved RTP packet of payload type 96, with a slice of no picture in particular. */
export function packet(sequence: number, channel = 0): Uint8Array {
  const data = Buffer.alloc(20, 0x41);
  data[0] = 0x80;
  data[1] = 96;
  data.writeUInt16BE(sequence & 0xffff, 2);
  return Buffer.concat([Buffer.of(0x24, channel, 0, data.length), data]);
}
