import { BoxError, splitBoxes } from '../protocol/boxes.ts';
import { WRITER_HEADER } from '../protocol/headers.ts';
import { segmentNumber } from '../protocol/names.ts';
import type { MediaObject, StreamAddress } from '../protocol/paths.ts';
import { millisecondsOfSeconds, seconds, secondsOfMilliseconds, type Milliseconds } from '../protocol/units.ts';
import { demandPossible } from './admission.ts';
import { demand } from './auth.ts';
import type { EdgeContext } from './env.ts';
import { ProblemError } from './errors.ts';
import { withoutToken } from './manifest/pushed.ts';
import { isProbe, probe } from './probe.ts';
import { putRequest, type PutTerms } from './segment/request.ts';
import { segmentOf } from './segment/stub.ts';
import { snapshotOf, streamOf } from './stream/cache.ts';

/** PUT, POST and DELETE of media objects, by Fast-ll's agents and by any other encoder. */
const MAX_MANIFEST_BYTES = 256 * 1024;
const MAX_INIT_BYTES = 256 * 1024;
/** How long segments of a stream are kept that its agent has not described. */
const PUSHED_WINDOW = { segmentDuration: seconds(4), timeShift: seconds(30) };

export async function ingest(
  c: EdgeContext,
  address: StreamAddress,
  object: MediaObject,
  now: Milliseconds,
): Promise<Response> {
  if (isProbe(object)) return probe(c, address, object, now);
  const { stream } = address;
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  switch (object.kind) {
    case 'manifest':
      await streamOf(c.env, stream).putManifest(stream, withoutToken(await manifestOf(c.req.raw)));
      return c.body(null, 201);
    case 'init':
      await streamOf(c.env, stream).putInit(stream, object.representation, await initOf(c.req.raw));
      return c.body(null, 201);
    case 'segment':
      return ingestSegment(c, address, object, now);
  }
}

async function ingestSegment(
  c: EdgeContext,
  { stream }: StreamAddress,
  { representation, number }: MediaObject & { kind: 'segment' },
  now: Milliseconds,
): Promise<Response> {
  const snapshot = await snapshotOf(c.env, c.executionCtx, stream, now);
  const pushed = snapshot.kind !== 'announced';
  if (pushed) c.executionCtx.waitUntil(streamOf(c.env, stream).observe(representation, number));
  else demandPossible(number, snapshot.description, now);
  // The next object is made now, from here, before the first player asks for it from elsewhere.
  c.executionCtx.waitUntil(segmentOf(c.env, stream, representation, segmentNumber(number + 1)).prepare());
  const segment = segmentOf(c.env, stream, representation, number);
  const { segmentDuration, timeShift } = pushed ? PUSHED_WINDOW : snapshot.description;
  c.executionCtx.waitUntil(segment.linger(millisecondsOfSeconds(seconds(segmentDuration + timeShift))));
  const terms: PutTerms = {
    writer: writerOf(c.req.raw),
    precedence: pushed ? 'last wins' : 'first wins',
  };
  return segment.fetch(putRequest(c.req.raw.body, terms));
}

/** An encoder that doesn't name itself is another one with every PUT: its bytes replace what was there. */
function writerOf(request: Request): string {
  const writer = request.headers.get(WRITER_HEADER);
  if (writer === null) return crypto.randomUUID();
  if (/^[\w.-]{1,64}$/.test(writer)) return writer;
  throw new ProblemError({ kind: 'bad body', detail: `expected ${WRITER_HEADER} to be 1 to 64 of A-Z a-z 0-9 _ . -` });
}

export async function remove(
  c: EdgeContext,
  { stream }: StreamAddress,
  object: MediaObject,
  now: Milliseconds,
): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  switch (object.kind) {
    case 'manifest':
      await streamOf(c.env, stream).remove(stream);
      break;
    case 'init':
      await streamOf(c.env, stream).deleteInit(object.representation);
      break;
    case 'segment':
      await segmentOf(c.env, stream, object.representation, object.number).fetch('https://segment/', {
        method: 'DELETE',
      });
      break;
  }
  return c.body(null, 204);
}

async function manifestOf(request: Request): Promise<string> {
  const text = new TextDecoder().decode(await bodyOf(request, MAX_MANIFEST_BYTES));
  if (!/<MPD[\s>]/.test(text))
    throw new ProblemError({ kind: 'bad body', detail: 'expected a DASH manifest: no <MPD> in it' });
  return text;
}

async function initOf(request: Request): Promise<Uint8Array> {
  const bytes = await bodyOf(request, MAX_INIT_BYTES);
  const types = boxTypes(bytes);
  if (types[0] !== 'ftyp' || !types.includes('moov')) {
    throw new ProblemError({
      kind: 'bad body',
      detail: `expected an init segment of whole boxes "ftyp" and "moov", got ${types.join(', ') || 'none'}`,
    });
  }
  return bytes;
}

function boxTypes(bytes: Uint8Array): string[] {
  try {
    const { boxes, length } = splitBoxes(bytes);
    return length === bytes.byteLength ? boxes.map(({ type }) => type) : [];
  } catch (error) {
    if (error instanceof BoxError) return [];
    throw error;
  }
}

/** A small body, whole. @throws ProblemError when it is too large or breaks off */
async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of request.body ?? []) {
      length += piece.byteLength;
      if (length > maxBytes) throw new ProblemError({ kind: 'body too large', maxBytes });
      pieces.push(piece);
    }
  } catch (error) {
    throw error instanceof ProblemError ? error : new ProblemError({ kind: 'upload broke off' });
  }
  const body = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    body.set(piece, offset);
    offset += piece.byteLength;
  }
  return body;
}
