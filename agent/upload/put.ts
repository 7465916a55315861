import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { VIEWERS_HEADER, WRITER_HEADER } from '../../protocol/headers.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { messageOf } from '../errors.ts';
import { authorization, type Edge } from './edge.ts';
import type { SegmentBody } from './segment-body.ts';

/** What became of a segment. */
export type PutOutcome =
  | {
      readonly kind: 'delivered';
      readonly viewers: number;
      readonly attempts: number;
      /** From the last byte to the answer. */
      readonly roundTrip: Milliseconds;
    }
  /** Another encoder has it, or it came too late to matter. */
  | { readonly kind: 'not wanted'; readonly status: number }
  /** The edge won't have it: its token, its address or its version is wrong. */
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  /** Given up: the time it could have been of use is over. */
  | { readonly kind: 'too late'; readonly detail: string }
  /** The encoder broke off in the middle of it, or the agent ends. */
  | { readonly kind: 'cut off' };

const RETRY_MS = { first: 100, most: 2000 };

/**
 * One streaming PUT, sent again from the first byte as often as it breaks, until `deadline`: the edge knows the bytes
 * it has, and goes on behind them.
 */
export async function putSegment(options: {
  readonly edge: Edge;
  readonly url: URL;
  readonly body: SegmentBody;
  readonly writer: string;
  /** When it ceases to matter. */
  readonly deadline: () => Milliseconds;
  readonly now: () => Milliseconds;
  readonly signal: AbortSignal;
}): Promise<PutOutcome> {
  const { edge, url, body, writer, signal } = options;
  let delay = RETRY_MS.first;
  for (let attempts = 1; ; attempts += 1) {
    let written = options.now();
    const result = await attempt(edge, url, writer, signal, async function* () {
      yield* body.read();
      written = options.now();
    });
    switch (result.kind) {
      case 'answer': {
        const { status } = result;
        if (status < 300) {
          return {
            kind: 'delivered',
            viewers: result.viewers,
            attempts,
            roundTrip: milliseconds(options.now() - written),
          };
        }
        if (status === 404 || status === 409) return { kind: 'not wanted', status };
        if (status < 500 && status !== 400) return { kind: 'refused', status, detail: result.detail };
        break;
      }
      case 'failure':
        break;
    }
    if (body.aborted || signal.aborted) return { kind: 'cut off' };
    if (options.now() + delay >= options.deadline()) return { kind: 'too late', detail: result.detail };
    await sleep(delay, undefined, { signal }).catch(() => {});
    delay = Math.min(2 * delay, RETRY_MS.most);
  }
}

type Attempt =
  | { readonly kind: 'answer'; readonly status: number; readonly viewers: number; readonly detail: string }
  | { readonly kind: 'failure'; readonly detail: string };

async function attempt(
  edge: Edge,
  url: URL,
  writer: string,
  signal: AbortSignal,
  bytes: () => AsyncGenerator<Uint8Array>,
): Promise<Attempt> {
  try {
    const headers = { ...(await authorization(edge)), 'content-type': 'video/mp4', [WRITER_HEADER]: writer };
    const answer = await request(url, {
      method: 'PUT',
      dispatcher: edge.dispatcher,
      headers,
      body: Readable.from(bytes()),
      signal,
    });
    const detail = await answer.body.text();
    return { kind: 'answer', status: answer.statusCode, viewers: Number(answer.headers[VIEWERS_HEADER] ?? 0), detail };
  } catch (error) {
    return { kind: 'failure', detail: messageOf(error) };
  }
}
