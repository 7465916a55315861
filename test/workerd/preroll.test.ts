/** One who joins a copied stream, whose segments begin with a keyframe only by chance. */
import { describe, expect, test } from 'vitest';
import { fragment, segmentHeader } from '../../agent/cmaf/fragment.ts';
import { KEYFRAME_HEADER } from '../../protocol/headers.ts';
import { ticks } from '../../protocol/units.ts';
import { chunksOf } from '../../worker/segment/chunk.ts';
import { anything, ask, DESCRIPTION, liveStream, numberNow, placeOf, Put, watching } from './support.ts';

const COPIED = {
  tracks: DESCRIPTION.tracks.map((track) => ({
    ...track,
    representations: track.representations.map((representation) => ({ ...representation, copied: true })),
  })),
};

/** `K` is a keyframe, `p` another frame; each has its letter and a mark as bytes. */
function chunk(frames: string, mark: number): Uint8Array {
  const samples = [...frames].map((kind, index) => ({
    ...{ time: ticks(1_000_000 * mark + 3600 * index), duration: ticks(3600), keyframe: kind === 'K' },
    compositionOffset: ticks(0),
    ...{ data: [Uint8Array.of(kind.charCodeAt(0), mark)], size: 2 },
  }));
  return fragment({ sequenceNumber: mark, frames: samples });
}

/** What a player would decode: `K1 p1 p2`. */
function framesOf(bytes: Uint8Array): string {
  const samples = chunksOf(bytes)?.flatMap((one) => one.samples) ?? [];
  return samples.map(({ offset }) => `${String.fromCharCode(bytes[offset]!)}${bytes[offset + 1]}`).join(' ');
}

const openPut = (path: string, keyframe: number): Put =>
  new Put(path, 'a', { ...anything, [KEYFRAME_HEADER]: String(keyframe) });

async function putSegment(path: string, keyframe: number, chunks: readonly Uint8Array[]): Promise<void> {
  const put = openPut(path, keyframe);
  for (const piece of [segmentHeader(), ...chunks]) await put.write(piece);
  expect((await put.end()).status).toBe(201);
}

const bytesOf = async (response: Response | Promise<Response>): Promise<Uint8Array> =>
  new Uint8Array(await (await response).arrayBuffer());

const get = (path: string): Promise<Response> => ask(path, { headers: watching });

describe('one who joins a copied stream', () => {
  test('gets all frames since the last keyframe with the segment under way, and then its fragments', async () => {
    const { name } = await liveStream(COPIED);
    const n = numberNow();
    await putSegment(placeOf(name, n - 1).path, n - 1, [chunk('Kpp', 1), chunk('pK', 2), chunk('p', 3)]);
    const { path } = placeOf(name, n);
    const put = openPut(path, n - 1);
    await put.write(segmentHeader());
    const joining = get(`${path}?j=${n}`);
    await put.write(chunk('pp', 4));
    const response = await joining;
    expect(response.status).toBe(200);
    await put.write(chunk('pK', 5));
    await put.end();
    expect(framesOf(await bytesOf(response))).toBe('K2 p3 p4 p4 p5 K5');
    // Once it is complete, the same.
    const whole = await get(`${path}?j=${n}`);
    const bytes = await bytesOf(whole);
    expect(whole.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(framesOf(bytes)).toBe('K2 p3 p4 p4 p5 K5');
    expect(framesOf(await bytesOf(get(`${path}?j=${n + 1}`)))).toBe('K2 p3 p4 p4 p5 K5');
  });

  test('gets it over several segments, from the one that its agent has named', async () => {
    const { name } = await liveStream(COPIED);
    const n = numberNow();
    await putSegment(placeOf(name, n - 2).path, n - 2, [chunk('Kp', 1)]);
    await putSegment(placeOf(name, n - 1).path, n - 2, [chunk('pp', 2)]);
    await putSegment(placeOf(name, n).path, n - 2, [chunk('p', 3)]);
    expect(framesOf(await bytesOf(get(`${placeOf(name, n).path}?j=${n}`)))).toBe('K1 p1 p2 p2 p3');
  });

  test('gets the segment as it is where it begins with a keyframe, or the keyframe is gone', async () => {
    const { name } = await liveStream(COPIED);
    const n = numberNow();
    await putSegment(placeOf(name, n - 1).path, n - 1, [chunk('Kp', 1)]);
    await putSegment(placeOf(name, n).path, n - 1, [chunk('Kp', 2)]);
    await putSegment(placeOf(name, n).path.replace('stream0', 'stream1'), n - 1, [chunk('pp', 3)]);
    expect(framesOf(await bytesOf(get(`${placeOf(name, n).path}?j=${n}`)))).toBe('K2 p2');
    expect(framesOf(await bytesOf(get(`${placeOf(name, n, '1').path}?j=${n}`)))).toBe('p3 p3');
  });

  test('does not change what those get who are watching', async () => {
    const { name } = await liveStream(COPIED);
    const n = numberNow();
    await putSegment(placeOf(name, n - 1).path, n - 1, [chunk('Kp', 1)]);
    await putSegment(placeOf(name, n).path, n - 1, [chunk('pp', 2)]);
    const { path } = placeOf(name, n);
    for (const query of ['', `?j=${n - 1}`, `?j=${n + 2}`, '?j=', '?j=x']) {
      expect(framesOf(await bytesOf(get(path + query)))).toBe('p2 p2');
    }
  });

  test('a keyframe after the segment is refused', async () => {
    const { name } = await liveStream(COPIED);
    const n = numberNow();
    const answer = await ask(placeOf(name, n).path, {
      method: 'PUT',
      headers: { ...anything, [KEYFRAME_HEADER]: String(n + 1) },
      body: 'x',
    });
    expect(answer.status).toBe(400);
  });
});
