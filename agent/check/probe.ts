import { randomBytes, randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { segmentNumber, type StreamName } from '../../protocol/names.ts';
import { PROBE_REPRESENTATION, PROBE_SHARED } from '../../protocol/probe.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import { authorization, mediaUrl } from '../upload/edge.ts';
import { whyRefused } from '../upload/refusal.ts';
import type { Asking } from './edge-request.ts';

/** So many pieces, so large, so far apart. */
export interface Pieces {
  readonly count: number;
  readonly bytes: number;
  readonly gap: Milliseconds;
}

/** When pieces were written, or had come back, by the monotonic clock. */
export type Times = readonly Milliseconds[];

/** A segment at the edge that is nobody's: written here, and read back here. */
export class Probe {
  readonly url: URL;
  readonly #asking: Asking;

  constructor(asking: Asking, stream: StreamName) {
    this.#asking = asking;
    // One that nobody else uses, and no object has been made for.
    const number = segmentNumber(randomInt(2 ** 47));
    this.url = mediaUrl(asking.edge, stream, { kind: 'segment', representation: PROBE_REPRESENTATION, number });
  }

  /** @throws Error when it is refused */
  async get(method: 'GET' | 'HEAD' = 'GET', way: 'direct' | 'shared' = 'direct'): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.url);
    if (way === 'shared') url.searchParams.set(PROBE_SHARED, '');
    const { edge, signal } = this.#asking;
    const headers = await authorization(edge);
    const answer = await request(url, { dispatcher: edge.dispatcher, signal, method, headers });
    if (answer.statusCode === 200) return answer;
    throw new Error(`${method} gets ${await refusalOf(answer)}`);
  }

  /** Whether it is there, whole. */
  async status(): Promise<number> {
    const { edge, signal } = this.#asking;
    const headers = await authorization(edge);
    const answer = await request(this.url, { dispatcher: edge.dispatcher, signal, headers });
    await answer.body.dump();
    return answer.statusCode;
  }

  /** When each piece of `bytes` had come, to the end. @throws Error when it is refused, or breaks off */
  async read({ bytes }: Pick<Pieces, 'bytes'>, way: 'direct' | 'shared' = 'direct'): Promise<Times> {
    const { clock } = this.#asking;
    const answer = await this.get('GET', way);
    const arrived: Milliseconds[] = [];
    let length = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      while (arrived.length < Math.floor(length / bytes)) arrived.push(clock.monotonic());
    }
    return arrived;
  }

  /** @returns the answer's headers. @throws Error when it is refused */
  async put(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Dispatcher.ResponseData['headers']> {
    const { edge, signal } = this.#asking;
    const headers = { ...(await authorization(edge)), 'content-type': 'video/mp4' };
    const sent = body instanceof Uint8Array ? body : Readable.from(body, { objectMode: false, highWaterMark: 0 });
    const answer = await request(this.url, {
      ...{ dispatcher: edge.dispatcher, signal, method: 'PUT', headers, body: sent },
    });
    if (answer.statusCode >= 300) throw new Error(`PUT gets ${await refusalOf(answer)}`);
    await answer.body.dump();
    return answer.headers;
  }

  /** @param written is told when each was */
  async *pieces({ count, bytes, gap }: Pieces, written: Milliseconds[]): AsyncGenerator<Uint8Array, void, void> {
    const { clock, signal } = this.#asking;
    for (let piece = 0; piece < count; piece += 1) {
      if (piece > 0) await pause(this.#asking, gap);
      signal.throwIfAborted();
      written.push(clock.monotonic());
      // Of chance, so that nothing on the way can make less of it.
      yield randomBytes(bytes);
    }
  }
}

/** @throws when it is over before */
export async function pause({ clock, signal }: Pick<Asking, 'clock' | 'signal'>, time: Milliseconds): Promise<void> {
  await clock.sleep(time, signal);
  signal.throwIfAborted();
}

/** The same, but not for longer, and not once it has been disposed of. */
export function within(asking: Asking, ms: number): Asking & Disposable {
  const over = new AbortController();
  const signal = AbortSignal.any([asking.signal, over.signal, AbortSignal.timeout(ms)]);
  // Each request under way listens to it.
  setMaxListeners(0, signal);
  return {
    ...asking,
    signal,
    [Symbol.dispose]: () => over.abort(),
  };
}

const refusalOf = async ({ statusCode: status, headers, body }: Dispatcher.ResponseData): Promise<string> =>
  `${status}: ${whyRefused({ status, headers, text: await body.text() })}`;
