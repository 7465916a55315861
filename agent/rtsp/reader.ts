import { BodyEnd, MAX_BODY_BYTES } from './body.ts';
import { ByteQueue } from './byte-queue.ts';
import { contentLength, HeadEnd, MAX_HEAD_BYTES, parseHead } from './head.ts';
import { header, type RtspHead, type RtspMessage } from './message.ts';
import { DOLLAR, FRAMING_BYTES, isCapital, isLineBreak, nextStart, type Channels } from './resync.ts';

/** What a camera's connection gives, in order. Bytes are views of what came. */
export type Received =
  | RtspMessage
  /** An RTP or RTCP packet (RFC 2326, 10.12). */
  | { readonly kind: 'packet'; readonly channel: number; readonly data: Uint8Array }
  /** Bytes that are neither: passed over. */
  | { readonly kind: 'skipped'; readonly offset: number; readonly bytes: number }
  /** No use to read on. `offset` counts from the connection's first byte; `reason` goes on from «the camera …». */
  | { readonly kind: 'invalid'; readonly offset: number; readonly reason: string };

/** In a row, of what is neither message nor packet. */
const MAX_SKIPPED_BYTES = 64 * 1024;

type State =
  | { readonly kind: 'between' }
  | { readonly kind: 'head'; readonly end: HeadEnd }
  | { readonly kind: 'body'; readonly head: RtspHead; readonly end: BodyEnd }
  | { readonly kind: 'lost'; readonly since: number }
  | { readonly kind: 'over' };

/** Something, or more to be looked at, or nothing until more has come. */
type Step = Received | 'on' | 'incomplete';

/**
 * Takes apart what a camera sends over its connection. Each byte is looked at a bounded number of times, whatever the
 * camera does and however it is cut into chunks.
 *
 *     ┌──────▶ between ──`$`, channel, length: a packet; line breaks──▶ between
 *     │           │ a capital           │ anything else
 *     │           ▼      not of RTSP    ▼
 *     │         head ────────────────▶ lost ──skipped, up to what begins like a message or a packet──▶ between
 *     │           │ an empty line       │
 *     │           ▼                     │ too much of it, a head or a body without end, another protocol
 *     └───────  body                    ▼
 *       whole                       invalid: over
 */
export class RtspReader {
  readonly #queue = new ByteQueue();
  readonly #channels: Channels;
  /** Bytes taken so far: where what is next begins. */
  #offset = 0;
  #state: State = { kind: 'between' };
  /** There was a message: this is a camera. */
  #met = false;
  /** Bytes passed over since there was anything. */
  #skipped = 0;

  /** @param channels on which packets are to be expected; may grow */
  constructor(channels: Channels) {
    this.#channels = channels;
  }

  *push(chunk: Uint8Array): Generator<Received, void, undefined> {
    this.#queue.push(chunk);
    yield* this.#read(false);
  }

  /** Whether a body is under way, which {@link settle} may take for whole. */
  get unsettled(): boolean {
    return this.#state.kind === 'body';
  }

  /** Nothing more has come for a while: a body that is nearly there, or might go on, is taken as it is. */
  *settle(): Generator<Received, void, undefined> {
    yield* this.#read(true);
  }

  *#read(quiet: boolean): Generator<Received, void, undefined> {
    for (;;) {
      const step = this.#step(quiet);
      if (step === 'incomplete') return;
      if (step !== 'on') yield step;
    }
  }

  #step(quiet: boolean): Step {
    switch (this.#state.kind) {
      case 'between':
        return this.#between();
      case 'head':
        return this.#head(this.#state.end);
      case 'body':
        return this.#body(this.#state.head, this.#state.end, quiet);
      case 'lost':
        return this.#lost(this.#state.since);
      case 'over':
        this.#take(this.#queue.length);
        return 'incomplete';
    }
  }

  #between(): Step {
    const { bytes } = this.#queue;
    const [first] = bytes;
    if (first === undefined) return 'incomplete';
    if (first === DOLLAR) {
      const size = bytes.length < FRAMING_BYTES ? FRAMING_BYTES : FRAMING_BYTES + bytes.readUInt16BE(2);
      if (bytes.length < size) return 'incomplete';
      this.#skipped = 0;
      return { kind: 'packet', channel: bytes[1]!, data: this.#take(size).subarray(FRAMING_BYTES) };
    }
    if (isLineBreak(first)) {
      this.#take(1);
      return 'on';
    }
    return isCapital(first) ? this.#go({ kind: 'head', end: new HeadEnd() }) : this.#lose();
  }

  #head(end: HeadEnd): Step {
    const size = end.find(this.#queue.bytes);
    switch (size) {
      case 'incomplete':
        return 'incomplete';
      case 'foreign':
        return this.#lose();
      case 'endless':
        return this.#invalid(`sends a head without an end: expected at most ${MAX_HEAD_BYTES} bytes`);
      default: {
        const head = parseHead(this.#queue.bytes.toString('latin1', 0, size));
        if (head === undefined) return this.#lose();
        this.#take(size);
        return this.#beginBody(head);
      }
    }
  }

  #beginBody(head: RtspHead): Step {
    const length = contentLength(head);
    if (length !== undefined && length > MAX_BODY_BYTES) {
      return this.#invalid(`announces a body of ${length} bytes: expected at most ${MAX_BODY_BYTES}`);
    }
    this.#met = true;
    this.#skipped = 0;
    const isDescription = /^application\/sdp/i.test(header(head, 'content-type') ?? '');
    return this.#go({ kind: 'body', head, end: new BodyEnd(length, isDescription) });
  }

  #body(head: RtspHead, end: BodyEnd, quiet: boolean): Step {
    const size = end.find(this.#queue.bytes, quiet);
    if (size === 'incomplete') return 'incomplete';
    if (size === 'endless')
      return this.#invalid(`sends a body without an end: expected at most ${MAX_BODY_BYTES} bytes`);
    this.#go({ kind: 'between' });
    return { ...head, body: this.#take(size).toString('latin1') };
  }

  #lost(since: number): Step {
    const { at, kind } = nextStart(this.#queue.bytes, this.#channels);
    this.#skip(at);
    if (this.#skipped > MAX_SKIPPED_BYTES) return this.#invalid(`has sent ${this.#skipped} bytes that are not RTSP`);
    switch (kind) {
      case 'none':
      case 'partial':
        return 'incomplete';
      case 'packet':
      case 'message':
        this.#go({ kind: 'between' });
        return { kind: 'skipped', offset: since, bytes: this.#offset - since };
    }
  }

  /** What is here is none of RTSP's. Of somebody who has said nothing yet, nothing else is to be expected. */
  #lose(): Step {
    if (!this.#met) return this.#invalid('does not speak RTSP');
    const since = this.#offset;
    this.#skip(1);
    return this.#go({ kind: 'lost', since });
  }

  #invalid(reason: string): Step {
    this.#go({ kind: 'over' });
    return { kind: 'invalid', offset: this.#offset, reason };
  }

  #go(state: State): 'on' {
    this.#state = state;
    return 'on';
  }

  #skip(count: number): void {
    this.#skipped += count;
    this.#take(count);
  }

  #take(count: number): Buffer {
    this.#offset += count;
    return this.#queue.take(count);
  }
}
