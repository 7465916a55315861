import { DurableObject } from 'cloudflare:workers';
import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import type { Env } from '../env.ts';
import { toResponse } from '../errors.ts';
import { SegmentBuffer } from './buffer.ts';
import { serveWhole } from './range.ts';
import { holdOf, putTermsOf } from './request.ts';
import { decideGet, decidePut, type Precedence, type SegmentState } from './state.ts';

/** A segment of 30 Mbit/s and 8 s; an isolate has 128 MB for all its objects. */
const MAX_SEGMENT_BYTES = 32 * 1024 * 1024;
/** How long viewers of a broken PUT are kept for it to be sent again. */
const RESUME_GRACE_MS = 4000;
/** Room for a whole fragment: the default reader hands over 4 KiB pieces, each of which costs a round through JavaScript. */
const READ_BYTES = 256 * 1024;

const MEDIA_HEADERS = { 'content-type': 'video/mp4', 'cache-control': 'no-store, no-transform' };

/** One segment of one representation; its states are in `state.ts`. In memory only: nothing here writes storage. */
export class Segment extends DurableObject<Env> {
  #state: SegmentState = { phase: 'awaited' };
  #buffer = new SegmentBuffer();
  /** Told when the state leaves `awaited`. */
  #opened = Promise.withResolvers<void>();
  /** Ends the reading of the PUT under way. */
  #superseded = new AbortController();
  #grace: number | null = null;
  #viewers = 0;
  #precedence: Precedence = 'first wins';

  override async fetch(request: Request): Promise<Response> {
    switch (request.method) {
      case 'PUT':
        return this.#put(request);
      case 'DELETE':
        this.#reset(new Error('the segment was deleted'));
        return new Response(null, { status: 204 });
      default:
        return this.#get(request);
    }
  }

  /**
   * Brings the object into being, at the place the call comes from: an object stays where it was first asked for, and
   * that should be near the camera rather than near the first player.
   */
  prepare(): void {}

  /**
   * Keeps the object in memory: without a call under way the platform forgets it after ten seconds.
   * @param time from now
   */
  async linger(time: Milliseconds): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, time);
    await promise;
  }

  async #get(request: Request): Promise<Response> {
    let decision = decideGet(this.#state, true);
    if (decision === 'hold') {
      await this.#wait(holdOf(request));
      decision = decideGet(this.#state, false);
    }
    if (decision === 'absent' || decision === 'hold') return toResponse({ kind: 'segment absent' });
    if (request.method === 'HEAD' && decision === 'attach') return new Response(null, { headers: MEDIA_HEADERS });
    if (request.method === 'GET') this.#viewers += 1;
    if (decision === 'whole') return this.#whole(request);
    return new Response(this.#buffer.attach(), { headers: MEDIA_HEADERS });
  }

  #whole(request: Request): Response {
    const { bytes } = this.#buffer;
    const writer = this.#state.phase === 'complete' ? this.#state.writer : '';
    return serveWhole(bytes, `"${bytes.byteLength}-${writer}"`, this.#precedence === 'first wins', request);
  }

  /** Until the PUT opens, at most `hold` milliseconds. */
  async #wait(hold: number): Promise<void> {
    if (hold <= 0) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, hold);
    await Promise.race([this.#opened.promise, over.promise]);
    clearTimeout(timer);
  }

  async #put(request: Request): Promise<Response> {
    const { writer, precedence } = putTermsOf(request);
    const decision = decidePut(this.#state, writer, precedence);
    if (decision === 'refuse') return toResponse({ kind: 'another encoder writes this segment' });
    if (decision === 'already complete') return this.#received();
    if (decision === 'begin') this.#reset(new Error('another encoder took over'));
    this.#superseded.abort();
    this.#superseded = new AbortController();
    const superseded = this.#superseded.signal;
    clearTimeout(this.#grace);
    this.#state = { phase: 'receiving', writer };
    this.#precedence = precedence;
    // Before the first byte: the responses' headers are then out of its way.
    this.#opened.resolve();
    const outcome = await this.#receive(request.body, superseded);
    switch (outcome) {
      case 'superseded':
        return toResponse({ kind: 'another encoder writes this segment' });
      case 'broke':
        this.#break(writer);
        return toResponse({ kind: 'upload broke off' });
      case 'too large':
      case 'different':
        this.#abort(new Error(`the PUT was ${outcome}`));
        return outcome === 'different'
          ? toResponse({ kind: 'bad body', detail: 'a PUT sent again has to begin with the bytes sent before' })
          : toResponse({ kind: 'body too large', maxBytes: MAX_SEGMENT_BYTES });
      case 'ended':
        this.#buffer.complete();
        this.#state = { phase: 'complete', writer };
        return this.#received();
    }
  }

  /** Reads a PUT to its end, skipping what an earlier PUT of the same bytes has brought. */
  async #receive(
    body: ReadableStream<Uint8Array> | null,
    superseded: AbortSignal,
  ): Promise<'ended' | 'broke' | 'superseded' | 'too large' | 'different'> {
    const buffer = this.#buffer;
    if (body === null) return buffer.length > 0 ? 'different' : 'ended';
    const reader = body.getReader({ mode: 'byob' });
    // One that hangs is told now, not when its next byte comes.
    superseded.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true });
    let room = new ArrayBuffer(READ_BYTES);
    let position = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(room));
        if (superseded.aborted) return 'superseded';
        if (done) return position < buffer.length ? 'different' : 'ended';
        room = value.buffer;
        const known = Math.min(value.byteLength, buffer.length - position);
        if (known > 0 && !sameBytes(value.subarray(0, known), buffer.bytes.subarray(position, position + known))) {
          return 'different';
        }
        position += value.byteLength;
        if (position > MAX_SEGMENT_BYTES) return 'too large';
        if (known < value.byteLength) buffer.write(known > 0 ? value.subarray(known) : value);
      }
    } catch {
      // workerd's reader throws «Network connection lost» on a chunked body that ends without its last chunk.
      return superseded.aborted ? 'superseded' : 'broke';
    } finally {
      // Whoever sends what is no longer wanted is told so by the response; its body is not read to the end.
      reader.cancel().catch(() => {});
    }
  }

  #received(): Response {
    return new Response(null, { status: 201, headers: { [VIEWERS_HEADER]: String(this.#viewers) } });
  }

  #break(writer: string): void {
    this.#state = { phase: 'broken', writer };
    this.#grace = setTimeout(() => {
      this.#abort(new Error('the PUT broke off and was not resumed'));
    }, RESUME_GRACE_MS);
  }

  #abort(reason: Error): void {
    this.#state = { phase: 'aborted' };
    this.#buffer.abort(reason);
  }

  /** Back to `awaited`; whoever reads what there was fails. */
  #reset(reason: Error): void {
    if (this.#state.phase === 'awaited') return;
    clearTimeout(this.#grace);
    this.#superseded.abort();
    const { phase } = this.#state;
    const old = this.#buffer;
    this.#buffer = new SegmentBuffer();
    this.#opened = Promise.withResolvers<void>();
    this.#state = { phase: 'awaited' };
    if (phase === 'receiving' || phase === 'broken') old.abort(reason);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
