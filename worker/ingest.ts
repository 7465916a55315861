import { BoxError, splitBoxes } from '../protocol/boxes.ts';
import { frameDurationOf, representationOf } from '../protocol/description.ts';
import { timeInWindow } from '../protocol/epoch.ts';
import { KEYFRAME_HEADER, WRITER_HEADER } from '../protocol/headers.ts';
import { parseSegmentNumber, type RepresentationId, type SegmentNumber } from '../protocol/names.ts';
import type { MediaObject, StreamAddress } from '../protocol/paths.ts';
import {
  millisecondsOfSeconds,
  seconds,
  secondsOfMilliseconds,
  type Milliseconds,
  type Seconds,
} from '../protocol/units.ts';
import { demandPossible } from './admission.ts';
import { arrivalAt, type Arrival } from './arrival.ts';
import { demand } from './auth.ts';
import { behind } from './behind.ts';
import type { EdgeContext } from './env.ts';
import { ProblemError, type Problem } from './errors.ts';
import { forbiddenIn, withoutToken } from './manifest/pushed.ts';
import { isProbe, probe } from './probe.ts';
import { makeNext } from './segment/ahead.ts';
import { endOf } from './segment/ending.ts';
import { put, type PutTerms } from './segment/put.ts';
import { patienceFor } from './segment/state.ts';
import { segmentOf } from './segment/stub.ts';
import { snapshotOf } from './stream/cache.ts';
import { streamOf } from './stream/stub.ts';
import type { StreamSnapshot } from './stream/snapshot.ts';

/** PUT, POST and DELETE of media objects, by Fast-ll's agents and by any other encoder. */
const MAX_MANIFEST_BYTES = 256 * 1024;
const MAX_INIT_BYTES = 256 * 1024;
/** They are made before they are sent. */
const SMALL_BODY_SECONDS = 10;
/** How long segments of a stream are kept that no agent has described, and how long they are until it is said. */
const PUSHED = { segmentDuration: seconds(4), timeShift: seconds(30) };

export async function ingest(
  c: EdgeContext,
  address: StreamAddress,
  object: MediaObject,
  now: Milliseconds,
): Promise<Response> {
  if (isProbe(object)) return probe(c, address, object, now);
  const { stream } = address;
  const arrival = arrivalAt(now);
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  switch (object.kind) {
    case 'manifest':
      refuseIf(await streamOf(c.env, stream).putManifest(stream, withoutToken(await manifestOf(c.req.raw)), arrival));
      return c.body(null, 201);
    case 'init':
      refuseIf(await streamOf(c.env, stream).putInit(stream, object.representation, await initOf(c.req.raw), arrival));
      return c.body(null, 201);
    case 'segment':
      return ingestSegment(c, address, object, now, arrival);
  }
}

function refuseIf(problem: Problem | undefined): void {
  if (problem !== undefined) throw new ProblemError(problem);
}

async function ingestSegment(
  c: EdgeContext,
  { stream }: StreamAddress,
  { representation, number }: MediaObject & { kind: 'segment' },
  now: Milliseconds,
  arrival: Arrival,
): Promise<Response> {
  const snapshot = await snapshotOf(c.env, c.executionCtx, stream, now);
  const pushed = snapshot.kind !== 'announced';
  if (pushed) behind(c.executionCtx, streamOf(c.env, stream).observe(representation, number));
  else demandPossible(number, snapshot.description, now);
  makeNext(c.env, c.executionCtx, { stream, representation, number }, segmentDurationOf(snapshot));
  const segment = segmentOf(c.env, stream, representation, number);
  const terms = segmentTerms(snapshot, representation, number, secondsOfMilliseconds(now));
  const said = { writer: writerOf(c.req.raw), keyframe: keyframeOf(c.req.raw, number), end: endOf(c.req.raw) };
  return put(segment, c.req.raw, c.executionCtx, { ...terms, ...said, arrival });
}

function segmentDurationOf(snapshot: StreamSnapshot): Seconds {
  switch (snapshot.kind) {
    case 'announced':
      return snapshot.description.segmentDuration;
    case 'pushed':
      return snapshot.segmentDuration;
    case 'unknown':
      return PUSHED.segmentDuration;
  }
}

/** What is known of a segment before its first byte. */
function segmentTerms(
  snapshot: StreamSnapshot,
  representation: RepresentationId,
  number: SegmentNumber,
  now: Seconds,
): Omit<PutTerms, 'writer'> {
  if (snapshot.kind !== 'announced') {
    const segmentDuration = segmentDurationOf(snapshot);
    return {
      window: millisecondsOfSeconds(seconds(segmentDuration + PUSHED.timeShift)),
      precedence: 'last wins',
      patience: patienceFor({ segmentDuration, fragmentDuration: segmentDuration, frameDuration: seconds(0) }),
    };
  }
  const { segmentDuration, fragmentDuration, timeShift } = snapshot.description;
  const described = representationOf(snapshot.description, representation);
  const frameDuration = described === undefined ? seconds(0) : frameDurationOf(described);
  return {
    window: millisecondsOfSeconds(timeInWindow(number, now, segmentDuration, timeShift)),
    precedence: 'first wins',
    patience: patienceFor({ segmentDuration, fragmentDuration, frameDuration }),
  };
}

/** @throws ProblemError where it can't be */
function keyframeOf({ headers }: Request, number: SegmentNumber): SegmentNumber | undefined {
  const said = headers.get(KEYFRAME_HEADER);
  if (said === null) return undefined;
  const keyframe = parseSegmentNumber(said);
  if (keyframe !== undefined && keyframe <= number) return keyframe;
  const detail = `expected ${KEYFRAME_HEADER} to be the number of this segment or of one before`;
  throw new ProblemError({ kind: 'bad body', detail });
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
  const arrival = arrivalAt(now);
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  switch (object.kind) {
    case 'manifest':
      await streamOf(c.env, stream).remove(stream, arrival);
      break;
    case 'init':
      await streamOf(c.env, stream).deleteInit(object.representation, arrival);
      break;
    case 'segment':
      await segmentOf(c.env, stream, object.representation, object.number).remove(arrival);
      break;
  }
  return c.body(null, 204);
}

async function manifestOf(request: Request): Promise<string> {
  const text = new TextDecoder().decode(await bodyOf(request, MAX_MANIFEST_BYTES));
  if (!/<MPD[\s>]/.test(text)) {
    throw new ProblemError({ kind: 'bad body', detail: 'expected a DASH manifest: no <MPD> in it' });
  }
  // A proxy may have ended what was cut.
  if (!/<\/MPD\s*>|<MPD(?:\s[^>]*)?\/>/.test(text)) {
    throw new ProblemError({ kind: 'bad body', detail: 'expected a whole DASH manifest: no </MPD> in it' });
  }
  const forbidden = forbiddenIn(text);
  if (forbidden !== undefined) {
    throw new ProblemError({
      kind: 'bad body',
      detail: `expected a manifest that keeps viewers' tokens, got one with ${forbidden}`,
    });
  }
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

/** A small body, whole. @throws ProblemError when it is too large, too slow or breaks off */
async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void reader?.cancel().catch(() => {});
  }, SMALL_BODY_SECONDS * 1000);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      length += piece.value.byteLength;
      if (length > maxBytes) throw new ProblemError({ kind: 'body too large', maxBytes });
      pieces.push(piece.value);
    }
  } catch (error) {
    if (!late) throw error instanceof ProblemError ? error : new ProblemError({ kind: 'upload broke off' });
  } finally {
    clearTimeout(timer);
  }
  if (late) throw new ProblemError(tooSlow(length));
  return joined(pieces, length);
}

const tooSlow = (bytes: number): Problem => ({
  kind: 'out of bounds',
  status: 408,
  expected: `the whole body within ${SMALL_BODY_SECONDS} s`,
  got: `${bytes} bytes`,
});

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
