import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { segmentNumber, type StreamName } from '../../protocol/names.ts';
import { PROBE_REPRESENTATION } from '../../protocol/probe.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { authorization, mediaUrl } from '../upload/edge.ts';
import { whyRefused } from '../upload/refusal.ts';
import type { Asking } from './edge-request.ts';
import { PIECE_GAP, PIECES, type Passage } from './passage-verdict.ts';

/** Pieces like fragments, larger than what a stack of buffers might let through at once. */
const PIECE_BYTES = 5000;
/** In which GET and HEAD come to wait at the edge. */
const HEAD_START = milliseconds(300);
const PATIENCE_MS = 15_000;

/**
 * Sends a segment to the edge piece by piece, and reads it back at the same time. A HEAD waits beside the GET: its answer
 * comes when the edge sees the PUT begin and has no body that could be held up, so that tells the way there from the way
 * back.
 * @throws Error when the edge does not do it
 */
export async function tryPassage({ edge, clock, signal }: Asking, stream: StreamName): Promise<Passage> {
  const object = {
    kind: 'segment',
    representation: PROBE_REPRESENTATION,
    number: segmentNumber(clock.wall()),
  } as const;
  const url = mediaUrl(edge, stream, object);
  const headers = await authorization(edge);
  const over = new AbortController();
  const options = {
    dispatcher: edge.dispatcher,
    signal: AbortSignal.any([signal, over.signal, AbortSignal.timeout(PATIENCE_MS)]),
  };

  const pause = async (time: Milliseconds): Promise<void> => {
    await clock.sleep(time, options.signal);
    options.signal.throwIfAborted();
  };

  const read = async (): Promise<Milliseconds[]> => {
    const answer = await request(url, { ...options, method: 'GET', headers });
    if (answer.statusCode !== 200) throw new Error(`GET gets ${await refusalOf(answer)}`);
    const arrived: Milliseconds[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      while (arrived.length < Math.floor(bytes / PIECE_BYTES)) arrived.push(clock.monotonic());
    }
    return arrived;
  };

  const awaitOpening = async (): Promise<Milliseconds> => {
    const answer = await request(url, { ...options, method: 'HEAD', headers });
    await answer.body.dump();
    return clock.monotonic();
  };

  const written: Milliseconds[] = [];
  async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
    for (let piece = 0; piece < PIECES; piece += 1) {
      if (piece > 0) await pause(PIECE_GAP);
      written.push(clock.monotonic());
      // Of chance, so that nothing on the way can make less of it.
      yield randomBytes(PIECE_BYTES);
    }
  }
  const write = async (): Promise<void> => {
    await pause(HEAD_START);
    const type = { 'content-type': 'video/mp4' };
    const body = Readable.from(pieces(), { objectMode: false, highWaterMark: 0 });
    const answer = await request(url, { ...options, method: 'PUT', headers: { ...headers, ...type }, body });
    if (answer.statusCode >= 300) throw new Error(`PUT gets ${await refusalOf(answer)}`);
    await answer.body.dump();
  };

  try {
    const [arrived, opened] = await Promise.all([read(), awaitOpening(), write()]);
    if (arrived.length < PIECES) throw new Error(`of ${PIECES} pieces ${arrived.length} came back`);
    return { written, arrived, opened };
  } finally {
    over.abort();
  }
}

const refusalOf = async ({ statusCode: status, headers, body }: Dispatcher.ResponseData): Promise<string> =>
  `${status}: ${whyRefused({ status, headers, text: await body.text() })}`;
