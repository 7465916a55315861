/** Bodies gone wrong, put to the edge: taken as they are, or refused with a reason; served to the byte or not at all. */
import fc from 'fast-check';
import { beforeAll, expect, inject, test } from 'vitest';
import { BoxError, splitBoxes } from '../../protocol/boxes.ts';
import { WRITER_HEADER } from '../../protocol/headers.ts';
import type { StreamName } from '../../protocol/names.ts';
import type { FuzzAmount } from '../fuzz/amount.ts';
import { chunked, joined, mutated } from '../fuzz/mutations.ts';
import { anything, ask, liveStream, numberNow, placeOf, pushedStream } from './support.ts';

const { seed, bodies: numRuns, encoderOutput }: FuzzAmount = inject('fuzz');
const recording = Uint8Array.from(atob(encoderOutput), (letter) => letter.charCodeAt(0));
const boxes = splitBoxes(recording).boxes;
const init = recording.subarray(0, boxes[2]!.offset);
const segment = recording.subarray(boxes[2]!.offset);
const manifest = new TextEncoder().encode(
  '<?xml version="1.0"?>\n<MPD maxSegmentDuration="PT2.0S"><Period><SegmentTemplate initialization="init-stream$RepresentationID$.m4s?token=a.b.c" media="chunk-stream$RepresentationID$-$Number$.m4s?x=1&amp;token=a.b.c"/></Period></MPD>',
);

let announced: StreamName;
let pushed: StreamName;
beforeAll(async () => {
  ({ name: announced } = await liveStream());
  pushed = await pushedStream();
});

async function put(path: string, chunks: readonly Uint8Array[], writer = 'agent-1'): Promise<Response> {
  const { readable, writable } = new IdentityTransformStream();
  const answer = ask(path, { method: 'PUT', headers: { ...anything, [WRITER_HEADER]: writer }, body: readable });
  const body = writable.getWriter();
  const send = async (): Promise<void> => {
    for (const chunk of chunks) await body.write(chunk);
    await body.close();
  };
  // One that is answered before its end may be read no further: the answer says why.
  const sent = send().catch(() => {});
  const response = await answer;
  await Promise.race([sent, body.abort().catch(() => {})]);
  return response;
}
const get = async (path: string): Promise<{ status: number; bytes: Uint8Array }> => {
  const response = await ask(path, { headers: anything });
  return { status: response.status, bytes: await response.bytes() };
};
const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);
const reason = async (response: Response): Promise<string> => (await response.json<{ error: string }>()).error;

function boxTypes(bytes: Uint8Array): string[] {
  try {
    const found = splitBoxes(bytes);
    return found.length === bytes.length ? found.boxes.map(({ type }) => type) : [];
  } catch (error) {
    expect(error).toBeInstanceOf(BoxError);
    return [];
  }
}

const run = (bytes: fc.Arbitrary<Uint8Array>, check: (chunks: Uint8Array[]) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(chunked(bytes, 1000), check), { seed, numRuns });

test(`${numRuns} init segments, by seed ${seed}`, { timeout: 900_000 }, () =>
  run(mutated([init]), async (chunks) => {
    const path = `/${announced}/init-stream0.m4s`;
    const response = await put(path, chunks);
    const types = boxTypes(joined(...chunks));
    if (types[0] === 'ftyp' && types.includes('moov')) {
      expect(response.status).toBe(201);
      expect(sameBytes((await get(path)).bytes, joined(...chunks))).toBe(true);
    } else {
      expect(response.status).toBe(400);
      expect(await reason(response)).toMatch(/^expected an init segment of whole boxes "ftyp" and "moov", got /);
    }
  }),
);

test(`${numRuns} segments, by seed ${seed}`, { timeout: 900_000 }, () =>
  run(mutated([segment, segment.subarray(0, 700)]), async (chunks) => {
    const bytes = joined(...chunks);
    const { path } = placeOf(announced, numberNow());
    expect((await put(path, chunks)).status).toBe(201);
    expect((await put(path, [segment], 'agent-2')).status).toBe(409);
    // Sent again: it is there already.
    expect((await put(path, chunks)).status).toBe(201);
    const got = await get(path);
    expect(got.status).toBe(200);
    expect(sameBytes(got.bytes, bytes)).toBe(true);
    expect((await ask(path, { method: 'DELETE', headers: anything })).status).toBe(204);
  }),
);

test(`${numRuns} manifests, by seed ${seed}`, { timeout: 900_000 }, () =>
  run(mutated([manifest]), async (chunks) => {
    const path = `/${pushed}/manifest.mpd`;
    const text = new TextDecoder().decode(joined(...chunks));
    const response = await put(path, chunks);
    const isWhole = /<\/MPD\s*>/.test(text);
    if (/<MPD[\s>]/.test(text) && isWhole) {
      expect(response.status).toBe(201);
      expect((await get(path)).status).toBe(200);
      expect((await ask(`/${pushed}/chunk-stream0-1.m4s`, { headers: anything })).status).toBe(404);
    } else {
      expect(response.status).toBe(400);
      expect(await reason(response)).toMatch(/^expected a (whole )?DASH manifest: no <\/?MPD> in it$/);
    }
  }),
);
