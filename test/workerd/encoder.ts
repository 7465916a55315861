import { runInDurableObject } from 'cloudflare:test';
import { vi } from 'vitest';
import type { Segment } from '../../worker/segment/object.ts';
import { putResponse, type PutTerms } from '../../worker/segment/put.ts';
import { getRequest } from '../../worker/segment/request.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';
import { newName, placeOf, type SegmentPlace } from './support.ts';

/**
 * Those who talk to one Segment object, inside of it. There a PUT can break off: between two Workers of one process, as
 * the tests have them, a body that fails arrives as one that has ended, which over real connections it does not.
 */
export const insideSegment = (
  story: (segment: Segment, place: SegmentPlace) => Promise<void>,
  place = placeOf(newName(), 1),
): Promise<void> => runInDurableObject(place.object, (segment) => story(segment, place));

/** As short as a test can wait for. */
export const PATIENCE: PutTerms['patience'] = { alone: milliseconds(10_000), withSpare: milliseconds(1200) };

/** Longer than a test lasts. */
const WINDOW = milliseconds(120_000);

/** A few readers' responses end so soon after the last piece. */
export const CLOSING_MS = 10;

/** A PUT whose body is written piece by piece, and ended or broken off. */
export class Encoder {
  readonly answer: Promise<Response>;
  #body: ReadableByteStreamController | undefined;

  constructor(
    segment: Segment,
    writer: string,
    { precedence = 'first wins', window = WINDOW, call }: Partial<PutTerms> = {},
  ) {
    const body = new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#body = controller;
      },
    });
    this.answer = segment.put(body, { writer, precedence, window, call, patience: PATIENCE }).then(putResponse);
  }

  write(piece: string | Uint8Array): void {
    // A copy: what is enqueued is taken from who enqueues it.
    this.#body?.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece.slice());
  }

  end(): Promise<Response> {
    this.#body?.close();
    // One that waits for a byte is told of the end only so.
    this.#body?.byobRequest?.respond(0);
    return this.answer;
  }

  break(): void {
    this.#body?.error(new Error('Network connection lost.'));
  }
}

/** A GET that waits for its PUT, if it has to. */
export const getOf = (segment: Segment, headers: Record<string, string> = {}, hold = seconds(60)): Promise<Response> =>
  segment.fetch(getRequest(new Request('https://edge.test/', { headers }), { hold: milliseconds(1000 * hold) }));

/** How far one has read, and how it ended. */
export class Reader {
  text = '';
  readonly end: Promise<'whole' | 'cut off'>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.body === null) throw new Error('expected a body');
    this.#reader = response.body.getReader();
    this.end = this.#read();
  }

  static async open(segment: Segment): Promise<Reader> {
    return new Reader(await getOf(segment));
  }

  leave(): Promise<void> {
    // It may have failed before.
    return this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<'whole' | 'cut off'> {
    const decoder = new TextDecoder('latin1');
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return 'whole';
        this.text += decoder.decode(value);
      }
    } catch {
      return 'cut off';
    }
  }
}

/** All that is ready has had its turn. */
export const settled = (): Promise<void> => scheduler.wait(0);

/** From now on time goes by only with {@link pass}, until `vi.useRealTimers`. */
export const stopTime = (): unknown =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });

export async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await settled();
}
