/** PUTs cut off anywhere and viewers coming and going at any time: whoever stays gets the bytes of one encoder, whole. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import fc from 'fast-check';
import type { Segment } from '../../worker/segment/object.ts';
import { CLOSING_MS, Encoder, getOf, insideSegment, pass, PATIENCE, Reader, settled, stopTime } from './encoder.ts';

const RUNS = { seed: 20261122, numRuns: 150 };
const GRACE_MS = 4000;

beforeEach(() => {
  stopTime();
});
afterEach(() => {
  vi.useRealTimers();
});

const textOf = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

/** Fragments of one encoder; none of its bytes is one that another encoder's has. */
const fragments = (encoder: number, of = 4): fc.Arbitrary<Uint8Array[]> => {
  const [min, max] = [(256 / of) * encoder, (256 / of) * (encoder + 1) - 1];
  const fragment = fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 400 });
  return fc.array(
    fragment.map((bytes) => Uint8Array.from(bytes)),
    { minLength: 1, maxLength: 6 },
  );
};

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Where a PUT breaks off. */
type Cut =
  | { readonly kind: 'before the first byte' }
  | { readonly kind: 'inside a box'; readonly at: number }
  | { readonly kind: 'between fragments'; readonly behind: number }
  | { readonly kind: 'before the last chunk' };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const cut: fc.Arbitrary<Cut> = fc.oneof(
  fc.constant({ kind: 'before the first byte' as const }),
  fc.record({ kind: fc.constant('inside a box' as const), at: share }),
  fc.record({ kind: fc.constant('between fragments' as const), behind: share }),
  fc.constant({ kind: 'before the last chunk' as const }),
);

/** How many bytes go out before the cut. */
function reach(where: Cut, pieces: readonly Uint8Array[]): number {
  const { length } = joined(pieces);
  switch (where.kind) {
    case 'before the first byte':
      return 0;
    case 'inside a box':
      return Math.floor(where.at * length);
    case 'between fragments':
      return joined(pieces.slice(0, Math.floor(where.behind * pieces.length))).length;
    case 'before the last chunk':
      return length;
  }
}

/** A viewer: where in the story it comes, and where it leaves, if it does. */
interface Visit {
  readonly comes: number;
  readonly leaves: number | null;
}
const visits = fc.array(fc.record({ comes: share, leaves: fc.option(share, { freq: 3 }) }), { maxLength: 8 });
/** Sizes of the pieces that a body comes in, again and again. */
const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });

/** Plays a story step by step, with viewers coming and going between the steps. */
class Story {
  readonly viewers: { readonly reader: Promise<Reader>; readonly left: boolean }[] = [];
  readonly #segment: Segment;
  readonly #visits: readonly Visit[];
  readonly #leaving: { readonly at: number; readonly reader: Promise<Reader> }[] = [];
  readonly #steps: number;
  #step = 0;

  constructor(segment: Segment, visitors: readonly Visit[], steps: number) {
    this.#segment = segment;
    this.#visits = visitors;
    this.#steps = steps;
    this.#admit(0);
  }

  /** Lets all that is ready happen. */
  async step(): Promise<void> {
    this.#step += 1;
    await settled();
    this.#admit(this.#step);
    for (const { at, reader } of this.#leaving) if (at === this.#step) await (await reader).leave();
    await settled();
  }

  #admit(step: number): void {
    for (const { comes, leaves } of this.#visits) {
      if (Math.floor(comes * this.#steps) !== step) continue;
      const reader = Reader.open(this.#segment);
      const left = leaves !== null && Math.floor(leaves * this.#steps) > step;
      if (left) this.#leaving.push({ at: Math.floor(leaves * this.#steps), reader });
      this.viewers.push({ reader, left });
    }
  }
}

/** Writes `bytes` to an encoder in pieces, a step for each. */
async function send(story: Story, encoder: Encoder, bytes: Uint8Array, pieceSizes: readonly number[]): Promise<void> {
  await story.step();
  for (let position = 0, index = 0; position < bytes.length; index += 1) {
    const size = pieceSizes[index % pieceSizes.length] ?? 1;
    encoder.write(bytes.subarray(position, position + size));
    position += size;
    if (index % 2 === 0) await story.step();
  }
}

const stepsFor = (lengths: readonly number[], pieceSizes: readonly number[]): number => {
  const mean = pieceSizes.reduce((sum, size) => sum + size, 0) / pieceSizes.length;
  return lengths.reduce((sum, length) => sum + 2 + Math.ceil(length / mean / 2), 1);
};

test('an encoder whose PUTs break off, and who sends them again', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(fragments(0), fc.array(cut, { maxLength: 4 }), sizes, visits, (pieces, cuts, pieceSizes, who) =>
      insideSegment(async (segment) => {
        const bytes = joined(pieces);
        const reaches = cuts.map((where) => reach(where, pieces));
        const story = new Story(segment, who, stepsFor([...reaches, bytes.length], pieceSizes));
        for (const length of reaches) {
          const encoder = new Encoder(segment, 'agent-1');
          await send(story, encoder, bytes.subarray(0, length), pieceSizes);
          encoder.break();
          expect((await encoder.answer).status).toBe(400);
          expect((await head(segment)).headers.has('content-length')).toBe(false);
        }
        const last = new Encoder(segment, 'agent-1');
        await send(story, last, bytes, pieceSizes);
        expect((await last.end()).status).toBe(201);
        await story.step();
        expect((await head(segment)).headers.get('content-length')).toBe(String(bytes.length));
        const late = await Reader.open(segment);
        expect([await late.end, late.text]).toEqual(['whole', textOf(bytes)]);
        await pass(CLOSING_MS);
        for (const { reader, left } of story.viewers) {
          const { end, text } = await ended(reader);
          if (left) expect(textOf(bytes).startsWith(text)).toBe(true);
          else expect([end, text]).toEqual(['whole', textOf(bytes)]);
        }
      }),
    ),
    RUNS,
  ),
);

test('an encoder whose PUTs break off, and who gives up', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fragments(0),
      fc.array(cut, { minLength: 1, maxLength: 3 }),
      sizes,
      visits,
      (pieces, cuts, pieceSizes, who) =>
        insideSegment(async (segment) => {
          const bytes = joined(pieces);
          const reaches = cuts.map((where) => reach(where, pieces));
          const story = new Story(segment, who, stepsFor(reaches, pieceSizes));
          for (const length of reaches) {
            const encoder = new Encoder(segment, 'agent-1');
            await send(story, encoder, bytes.subarray(0, length), pieceSizes);
            encoder.break();
            expect((await encoder.answer).status).toBe(400);
          }
          await pass(GRACE_MS);
          for (const { reader, left } of story.viewers) {
            const { end, text } = await ended(reader);
            expect(textOf(bytes).startsWith(text)).toBe(true);
            if (!left) expect(end).toBe('cut off');
          }
          expect((await getOf(segment)).status).toBe(404);
        }),
    ),
    RUNS,
  ),
);

/** What one of several encoders does next. */
interface Move {
  readonly who: number;
  readonly what: 'goes on' | 'breaks off' | 'is silent';
  readonly bytes: number;
}
const move: fc.Arbitrary<Move> = fc.record({
  who: fc.nat({ max: 2 }),
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant('goes on' as const) },
    { weight: 2, arbitrary: fc.constant('breaks off' as const) },
    { weight: 1, arbitrary: fc.constant('is silent' as const) },
  ),
  bytes: fc.integer({ min: 1, max: 700 }),
});

/** One agent among several on one camera: sends its segment again when it breaks off, and leaves it when another has it. */
class Agent {
  readonly writer: string;
  readonly bytes: Uint8Array;
  /** What its last PUT was answered with. */
  status: number | undefined;
  #encoder: Encoder | undefined;
  #position = 0;
  #closed = false;
  readonly #segment: Segment;

  constructor(segment: Segment, writer: string, bytes: Uint8Array) {
    this.#segment = segment;
    this.writer = writer;
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.status === 201 || this.status === 409;
  }

  goOn(bytes: number): void {
    if (this.done) return;
    if (this.#encoder === undefined) this.#open();
    else if (this.#position < this.bytes.length && !this.#closed) {
      this.#encoder.write(this.bytes.subarray(this.#position, this.#position + bytes));
      this.#position += bytes;
    } else this.#close(() => void this.#encoder?.end());
  }

  breakOff(): void {
    this.#close(() => this.#encoder?.break());
  }

  #close(how: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    how();
  }

  #open(): void {
    const encoder = new Encoder(this.#segment, this.writer);
    this.#encoder = encoder;
    this.#position = 0;
    this.#closed = false;
    void encoder.answer.then(({ status }) => {
      this.status = status;
      if (this.#encoder === encoder) this.#encoder = undefined;
    });
  }
}

test('several agents on one camera, each of which may break off or fall silent at any time', { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.tuple(fragments(0), fragments(1), fragments(2)),
      fc.array(move, { maxLength: 60 }),
      visits,
      (each, moves, who) =>
        insideSegment(async (segment) => {
          const agents = each.map((pieces, index) => new Agent(segment, `agent-${index}`, joined(pieces)));
          const story = new Story(segment, who, moves.length + 1);
          for (const { who: index, what, bytes } of moves) {
            if (what === 'goes on') agents[index]?.goOn(bytes);
            else if (what === 'breaks off') agents[index]?.breakOff();
            else await pass(PATIENCE.withSpare * 1.25);
            await story.step();
          }
          for (let rounds = 0; rounds < 200 && agents.some(({ done }) => !done); rounds += 1) {
            for (const agent of agents) agent.goOn(700);
            await settled();
          }
          const winners = agents.filter(({ status }) => status === 201);
          expect(winners).toHaveLength(1);
          const won = textOf(winners[0]?.bytes ?? new Uint8Array());
          const late = await Reader.open(segment);
          expect([await late.end, late.text]).toEqual(['whole', won]);
          await pass(CLOSING_MS);
          for (const { reader, left } of story.viewers) {
            const { end, text } = await ended(reader);
            expect(agents.some(({ bytes }) => textOf(bytes).startsWith(text))).toBe(true);
            if (!left && end === 'whole') expect(text).toBe(won);
          }
        }),
    ),
    RUNS,
  ),
);

const head = (segment: Segment): Promise<Response> =>
  segment.fetch(new Request('https://segment/', { method: 'HEAD' }));

async function ended(reader: Promise<Reader>): Promise<{ end: 'whole' | 'cut off'; text: string }> {
  const { end, text } = await reader.then(async (one) => ({ end: await one.end, text: one.text }));
  return { end, text };
}
