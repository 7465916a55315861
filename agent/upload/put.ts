import { Readable } from 'node:stream';
import { request } from 'undici';
import { END_HEADER, KEYFRAME_HEADER, VIEWERS_HEADER, WRITER_HEADER } from '../../protocol/headers.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { authorization, type Edge } from './edge.ts';
import { doubled, Reaction } from './reaction.ts';
import { whyRefused } from './refusal.ts';
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
  | { readonly kind: 'not wanted'; readonly status: number; readonly viewers: number }
  /** The edge won't have it: its token, its address or its version is wrong. */
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  /** Given up: its time is over, or there was no room to keep it. */
  | { readonly kind: 'dropped'; readonly detail: string }
  /** The encoder broke off in the middle of it, or the agent ends. */
  | { readonly kind: 'cut off' };

const RETRY_MS = { first: 100, most: 2000 };
export interface PutOptions {
  readonly edge: Edge;
  readonly url: URL;
  readonly body: SegmentBody;
  readonly writer: string;
  /** Which segment has the last keyframe, where this one need not begin with one. */
  readonly keyframe?: SegmentNumber | undefined;
  /** The last bytes of the body when it is whole. */
  readonly ending: Uint8Array;
  /** When the segment ends, by the wall clock. */
  readonly end: Milliseconds;
  /** How much longer it is of use to anybody. */
  readonly life: Milliseconds;
  readonly clock: Clock;
  /** Told when an attempt has failed and another one follows. */
  readonly onRetry: (detail: string) => void;
  readonly signal: AbortSignal;
}

/**
 * One streaming PUT, sent again from the first byte as often as it breaks, while it is of use: the edge knows the bytes
 * it has, and goes on behind them.
 *
 *     attempt ──answer──▶ done
 *      ▲    │ failure
 *      │    ▼
 *     turn ◀── pause          (a turn is waited for only when the segment is over: the live edge does not wait)
 */
export async function putSegment(options: PutOptions): Promise<PutOutcome> {
  const { body, clock, signal } = options;
  const ends = milliseconds(clock.monotonic() + options.end - clock.wall());
  using life = timed(milliseconds(ends + options.life - clock.monotonic()), clock);
  const over = AbortSignal.any([signal, life.signal]);
  let detail = '';
  for (let attempts = 1; ; attempts += 1) {
    const result = await inTurn({ ...options, ends }, attempts, over);
    if (result.kind === 'answer') {
      const { status, viewers, roundTrip } = result;
      if (status < 300) return { kind: 'delivered', viewers, attempts, roundTrip };
      if (status === 404 || status === 409) return { kind: 'not wanted', status, viewers };
      if (status < 500 && !BROKEN.has(status)) return { kind: 'refused', status, detail: result.detail };
    }
    if (body.failure?.kind === 'dropped') return body.failure;
    if (body.failure !== undefined || signal.aborted) return { kind: 'cut off' };
    if (life.signal.aborted) return { kind: 'dropped', detail: detail === '' ? 'its time is over' : detail };
    detail = result.detail;
    options.onRetry(detail);
    await clock.sleep(milliseconds(doubled(RETRY_MS, attempts)), over);
  }
}

/** What the edge took for broken off, or for gone silent. */
const BROKEN: ReadonlySet<number> = new Set([400, 408]);

/** A signal that is aborted after a time, or when it is no longer needed. */
function timed(time: Milliseconds, clock: Clock): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  // Never rejects.
  void clock.sleep(milliseconds(Math.max(0, time)), over.signal).then(() => over.abort());
  return { signal: over.signal, [Symbol.dispose]: () => over.abort() };
}

type Attempt =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly viewers: number;
      readonly detail: string;
      readonly roundTrip: Milliseconds;
    }
  | { readonly kind: 'failure'; readonly detail: string };

/** From its first attempt on a clock that nobody sets tells when the segment ends. */
interface UnderWay extends PutOptions {
  readonly ends: Milliseconds;
}

async function inTurn(options: UnderWay, attempts: number, over: AbortSignal): Promise<Attempt> {
  const { edge, body, ends } = options;
  try {
    using _ = attempts > 1 && !body.isOpen ? await edge.backlog.turn(ends, over) : undefined;
    return await attempt(options, new Reaction({ ...options, attempts }), over);
  } catch (error) {
    return { kind: 'failure', detail: messageOf(error) };
  }
}

/** @throws whatever kept it from being answered */
async function attempt(options: UnderWay, reaction: Reaction, over: AbortSignal): Promise<Attempt> {
  const { edge, url, body, writer, ending, keyframe } = options;
  const headers = {
    ...(await authorization(edge)),
    'content-type': 'video/mp4',
    [WRITER_HEADER]: writer,
    [END_HEADER]: Buffer.from(ending).toString('hex'),
    ...(keyframe === undefined ? {} : { [KEYFRAME_HEADER]: String(keyframe) }),
  };
  const connections = edge.dispatcher.current;
  const gone = new AbortController();
  const answered = new AbortController();
  // Never rejects.
  void reaction.missing(AbortSignal.any([over, answered.signal])).then((missing) => {
    if (missing === undefined) return;
    edge.dispatcher.leave(connections);
    gone.abort(new Error(missing));
  });
  try {
    const answer = await request(url, {
      method: 'PUT',
      dispatcher: edge.dispatcher,
      headers,
      body: Readable.from(reaction.see(body.read())),
      signal: AbortSignal.any([over, gone.signal]),
    });
    const roundTrip = reaction.answerTime;
    const { statusCode: status, headers: said } = answer;
    const detail = whyRefused({ status, headers: said, text: await answer.body.text() });
    const viewers = Number(said[VIEWERS_HEADER] ?? 0);
    return { kind: 'answer', status, viewers, detail, roundTrip };
  } finally {
    answered.abort();
  }
}
