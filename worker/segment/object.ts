import { DurableObject } from 'cloudflare:workers';
import { milliseconds, seconds } from '../../protocol/units.ts';
import type { Arrival } from '../arrival.ts';
import { behind } from '../behind.ts';
import type { Env } from '../env.ts';
import { toResponse, type Problem } from '../errors.ts';
import type { SegmentNumber } from '../../protocol/names.ts';
import { streamOf } from '../stream/stub.ts';
import { prerolled } from './beginning.ts';
import { SegmentBuffer, type Beginning } from './buffer.ts';
import { chunksOf } from './chunk.ts';
import type { Place } from './place.ts';
import { tailOf, type Tail } from './preroll.ts';
import type { PutAnswer, PutTerms } from './put.ts';
import { serveWhole } from './range.ts';
import { Demand } from './demand.ts';
import { callOf, demandOf, holdOf, joiningOf, seatedOf } from './request.ts';
import { Seats, type Seat } from './seats.ts';
import { decideGet, decidePut, MAX_READERS, MAX_SPARES, type Precedence, type SegmentState } from './state.ts';
import { Upload } from './upload.ts';
import { orLater, Waiting } from './waiting.ts';
import { WholeReaders } from './whole.ts';
import { TimeShiftWindow } from './window.ts';

/** How long viewers of a broken PUT are kept for it to be sent again. */
const RESUME_GRACE_MS = 4000;

/** How long one who joins may wait for the segment before to be complete. */
const TAIL_MS = 1000;

const MEDIA_HEADERS = { 'content-type': 'video/mp4', 'cache-control': 'no-store, no-transform' };

/** One segment of one representation; its states are in `state.ts`. In memory only: nothing here writes storage. */
export class Segment extends DurableObject<Env> {
  #state: SegmentState = { phase: 'awaited' };
  #buffer = new SegmentBuffer();
  readonly #whole = new WholeReaders();
  /** Told when the state leaves `awaited`. */
  #opened = Promise.withResolvers<void>();
  /** The PUT under way, or the last one. */
  #upload: Upload | undefined;
  /** Told when the PUT under way is over. */
  #over = Promise.withResolvers<void>();
  #grace: number | null = null;
  /** PUTs that wait. */
  #spares = 0;
  /** Those who GET it. */
  readonly #seats = new Seats(MAX_READERS);
  readonly #waiting = new Waiting();
  readonly #demand = new Demand(({ stream, representation }) => {
    behind(this.ctx, streamOf(this.env, stream).want(representation));
  });
  /** GETs there have been. */
  #viewers = 0;
  #precedence: Precedence = 'first wins';
  /** The segment that has the last keyframe there was when this one's PUT opened. */
  #keyframe: SegmentNumber | undefined;
  /** What those who join with this segment get first; made once. */
  #preroll: Promise<Beginning | undefined> | undefined;
  /** When the last DELETE came. */
  #deletedAt = -Infinity;
  readonly #window = new TimeShiftWindow(() => this.#left());

  /**
   * Brings the object into being, at the place the call comes from: an object stays where it was first asked for, and
   * that should be near the camera rather than near the first player.
   */
  prepare(): void {}

  /**
   * What a player would have to decode of this segment before the next one: see `preroll.ts`. (A method called `tail` is
   * the platform's.) Undefined where it does not
   * become complete.
   */
  async lastFrames(): Promise<Tail | undefined> {
    if (this.#state.phase === 'receiving') await orLater(this.#over.promise, TAIL_MS);
    const { bytes } = this.#buffer;
    const chunks = this.#state.phase === 'complete' ? chunksOf(bytes) : undefined;
    return chunks === undefined ? undefined : tailOf(bytes, chunks);
  }

  async put(body: ReadableStream<Uint8Array> | null, terms: PutTerms): Promise<PutAnswer> {
    if (terms.arrival !== undefined && terms.arrival < this.#deletedAt) return this.#answer();
    this.#window.open(terms.window);
    for (;;) {
      switch (decidePut(this.#state, terms.writer, terms.precedence, this.#spares)) {
        case 'wait':
          if (await this.#turn(terms)) continue;
          return this.#answer({ kind: 'upload broke off' });
        case 'too many':
          return this.#answer(tooMany(`${MAX_SPARES} encoders that wait for another one's segment`));
        case 'refuse':
          return this.#answer({ kind: 'another encoder writes this segment' });
        case 'already complete':
          return this.#answer();
        case 'begin':
          if (!this.#isBlank) this.#reset(new Error('another encoder took over'));
          return this.#receive(body, terms);
        case 'resume':
          return this.#receive(body, terms);
      }
    }
  }

  /** Whatever is there, or on its way, is not. */
  remove(arrival: Arrival): void {
    this.#deletedAt = arrival;
    this.#reset(new Error('the segment was deleted'));
    if (this.#spares === 0) this.#window.close();
    this.#passTurn();
  }

  /** Whoever made this call, which may be waiting, has gone. */
  leave(call: string): void {
    this.#waiting.leave(call);
  }

  /** GET and HEAD. */
  override async fetch(request: Request): Promise<Response> {
    let decision = decideGet(this.#state, holdOf(request) > 0);
    const { phase } = this.#state;
    const isMissing = phase === 'broken' || phase === 'aborted' || (phase === 'awaited' && decision === 'absent');
    if (isMissing) this.#demand.once(demandOf(request), milliseconds(Date.now()));
    if (decision === 'absent') return toResponse({ kind: 'segment absent' });
    using seat = this.#seats.take(seatedOf(request));
    if (seat === undefined) return toResponse(NO_SEAT);
    if (decision === 'hold') {
      await this.#hold(request, seat);
      decision = decideGet(this.#state, false);
    }
    const joining = request.method === 'GET' ? joiningOf(request) : undefined;
    let beginning: Beginning | undefined;
    if (joining !== undefined && (decision === 'attach' || decision === 'whole')) {
      beginning = await this.#beginning(joining);
      decision = decideGet(this.#state, false);
    }
    if (!seat.isHeld) return toResponse(NO_SEAT);
    switch (decision) {
      case 'absent':
      case 'hold':
        return toResponse({ kind: 'segment absent' });
      case 'whole':
        if (request.method === 'GET') this.#viewers += 1;
        return this.#serveWhole(request, seat, beginning);
      case 'attach':
        if (request.method === 'HEAD') return new Response(null, { headers: MEDIA_HEADERS });
        this.#viewers += 1;
        return new Response(this.#buffer.attach(seat, beginning), { headers: MEDIA_HEADERS });
    }
  }

  /** For one who joins. */
  async #beginning(place: Place): Promise<Beginning | undefined> {
    if (this.#keyframe === undefined) return undefined;
    const buffer = this.#buffer;
    this.#preroll ??= prerolled(this.env, buffer, place, this.#keyframe);
    const beginning = await this.#preroll;
    return buffer === this.#buffer ? beginning : undefined;
  }

  #serveWhole(request: Request, seat: Seat, beginning: Beginning | undefined): Response {
    const bytes = beginning === undefined ? this.#buffer.bytes : this.#buffer.bytesWith(beginning);
    const writer = this.#state.phase === 'complete' ? this.#state.writer : '';
    const tag = `"${bytes.byteLength}-${writer}"`;
    return serveWhole(bytes, tag, this.#precedence === 'first wins', request, (part) => this.#whole.attach(part, seat));
  }

  /** Until the PUT opens, as long as it may wait, or until its seat is lost. */
  async #hold(request: Request, seat: Seat): Promise<void> {
    const lost = Promise.withResolvers<void>();
    seat.hold(lost.resolve);
    using _ = this.#waiting.add(callOf(request), () => seat.lose());
    using _demand = this.#demand.hold(demandOf(request));
    await orLater(Promise.race([this.#opened.promise, lost.promise]), holdOf(request));
  }

  /** Until the PUT under way is over, one way or another. @returns whether the one who waits for that is still there */
  async #turn({ patience, call }: PutTerms): Promise<boolean> {
    const left = Promise.withResolvers<false>();
    using _ = this.#waiting.add(call, () => left.resolve(false));
    this.#spares += 1;
    this.#upload?.hurry(patience.withSpare);
    const isThere = await Promise.race([this.#over.promise.then(() => true), left.promise]);
    this.#spares -= 1;
    return isThere;
  }

  /** Those who wait decide anew, each when those before it have. */
  #passTurn(): void {
    this.#over.resolve();
    this.#over = Promise.withResolvers<void>();
  }

  async #receive(
    body: ReadableStream<Uint8Array> | null,
    { writer, precedence, patience, keyframe, end: expectedEnd }: PutTerms,
  ): Promise<PutAnswer> {
    this.#upload?.stop({ kind: 'another encoder writes this segment' });
    clearTimeout(this.#grace);
    const upload = new Upload(body, this.#buffer, { patience: patience.alone, end: expectedEnd });
    if (this.#spares > 0) upload.hurry(patience.withSpare);
    this.#upload = upload;
    this.#state = { phase: 'receiving', writer };
    this.#precedence = precedence;
    this.#keyframe = keyframe;
    // Before the first byte: the responses' headers are then out of its way.
    this.#opened.resolve();
    const end = await upload.receive();
    switch (end.kind) {
      case 'stopped':
        return this.#answer(end.problem);
      case 'whole':
        this.#buffer.complete();
        this.#state = { phase: 'complete', writer };
        break;
      case 'broken':
        this.#break(writer);
        break;
      case 'invalid':
        this.#abort(new Error(`the PUT was ${end.why}`));
        break;
    }
    this.#passTurn();
    return this.#answer(end.kind === 'whole' ? undefined : end.problem);
  }

  #answer(problem?: Problem): PutAnswer {
    return { problem, viewers: this.#viewers };
  }

  #break(writer: string): void {
    this.#state = { phase: 'broken', writer };
    this.#grace = setTimeout(() => {
      this.#abort(new Error('the PUT broke off and was not resumed'));
    }, RESUME_GRACE_MS);
  }

  #abort(reason: Error): void {
    this.#state = { phase: 'aborted' };
    this.#buffer.release(reason);
  }

  /** Back to `awaited`; whoever reads what there was of an unfinished one fails. */
  #reset(reason: Error): void {
    const { phase } = this.#state;
    if (phase === 'awaited') return;
    clearTimeout(this.#grace);
    this.#upload?.stop({ kind: 'another encoder writes this segment' });
    const old = this.#buffer;
    this.#buffer = new SegmentBuffer();
    this.#preroll = undefined;
    this.#opened = Promise.withResolvers<void>();
    this.#state = { phase: 'awaited' };
    if (phase === 'receiving' || phase === 'broken') old.abort(reason);
  }

  /** A PUT has opened and brought nothing: of that there are no two versions, so who watches can stay for the next. */
  get #isBlank(): boolean {
    const { phase } = this.#state;
    return (phase === 'receiving' || phase === 'broken') && this.#buffer.length === 0;
  }

  /** The segment has left the time-shift window. */
  #left(): void {
    const reason = new Error('the segment has left the time-shift window');
    clearTimeout(this.#grace);
    this.#upload?.stop({ kind: 'segment too late', by: seconds(0) });
    this.#state = { phase: 'expired' };
    this.#buffer.release(reason);
    this.#whole.release(reason);
    this.#passTurn();
  }
}

const tooMany = (most: string): Problem => ({
  kind: 'out of bounds',
  status: 503,
  expected: `at most ${most}`,
  got: 'one more',
});

const NO_SEAT = tooMany(`${MAX_READERS} viewers of a segment at a time`);
