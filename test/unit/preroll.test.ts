import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fragment, segmentHeader, type Sample } from '../../agent/cmaf/fragment.ts';
import { splitBoxes } from '../../protocol/boxes.ts';
import { ticks } from '../../protocol/units.ts';
import { chunksOf, type Chunk } from '../../worker/segment/chunk.ts';
import { joinedTails, tailOf, withPreroll } from '../../worker/segment/preroll.ts';

const FRAME = 3600;
const START = 1_795_341_600 * 90_000;

/** `K` is a keyframe, `p` another frame: the chunks of a segment, divided by spaces. Each frame has its own bytes. */
function segment(at: number, text: string): Uint8Array<ArrayBuffer> {
  let index = at;
  const pieces = text.split(' ').map((frames, sequenceNumber) => {
    const samples = [...frames].map((kind): Sample => {
      const time = ticks(START + index * FRAME);
      const data = Uint8Array.of(kind.charCodeAt(0), index, index);
      index += 1;
      return {
        time,
        duration: ticks(FRAME),
        compositionOffset: ticks(0),
        keyframe: kind === 'K',
        data: [data],
        size: 3,
      };
    });
    return fragment({ sequenceNumber, frames: samples });
  });
  return Uint8Array.from(Buffer.concat([segmentHeader(), ...pieces]));
}

function chunks(bytes: Uint8Array): Chunk[] {
  const found = chunksOf(bytes);
  if (found === undefined) throw new Error('expected chunks as agents make them');
  return found;
}

const tail = (bytes: Uint8Array) => tailOf(bytes, chunks(bytes));

/** Kind and number of each frame, `K0 p1`. */
const framesOf = (bytes: Uint8Array): string =>
  chunks(bytes)
    .flatMap(({ samples }) => samples)
    .map(({ offset, isSync }) => {
      const kind = String.fromCharCode(bytes[offset] ?? 0);
      expect(isSync).toBe(kind === 'K');
      return `${kind}${bytes[offset + 1]}`;
    })
    .join(' ');

describe('the preroll of a segment', () => {
  test('has the frames since the keyframe, in the first moof, directly before the segment', () => {
    const before = segment(0, 'Kp ppK pp');
    const joined = segment(7, 'pp pK');
    const [first] = chunks(joined);
    const whole = withPreroll(joined, first!, [tail(before)]);
    const rest = joined.subarray(first!.mdat.offset + first!.mdat.size);
    const served = Uint8Array.from([...whole, ...rest]);
    expect(framesOf(served)).toBe('K4 p5 p6 p7 p8 p9 K10');
    const [beginning, next] = chunks(served);
    expect(beginning!.time).toBe(first!.time - 27n);
    expect(next!.time).toBe(chunks(joined)[1]!.time);
    expect(splitBoxes(served)).toEqual({ length: served.length, boxes: expect.anything() });
    expect(splitBoxes(served).boxes.map(({ type }) => type)).toEqual([
      ...['styp', 'prft', 'moof', 'mdat', 'prft', 'moof', 'mdat'],
    ]);
  });

  test('goes over several segments where the keyframe lies further back, and no further', () => {
    const tails = [segment(0, 'Kp'), segment(2, 'pK'), segment(4, 'pp'), segment(6, 'p')].map(tail);
    const joined = segment(7, 'p');
    const needed = joinedTails(tails);
    expect(framesOf(withPreroll(joined, chunks(joined)[0]!, needed!))).toBe('K3 p4 p5 p6 p7');
  });

  test('is none where no keyframe is known', () => {
    expect(joinedTails([segment(0, 'pp'), segment(2, 'p')].map(tail))).toBeUndefined();
  });

  test('leaves every frame as it was, however a camera sets its keyframes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('K', 'p'), { minLength: 2, maxLength: 60 }),
        fc.integer({ min: 1, max: 59 }),
        fc.integer({ min: 1, max: 7 }),
        (kinds, cut, chunkFrames) => {
          kinds[0] = 'K';
          const at = Math.min(cut, kinds.length - 1);
          const text = (from: number, to: number): string =>
            (
              kinds
                .slice(from, to)
                .join('')
                .match(new RegExp(`.{1,${chunkFrames}}`, 'g')) ?? []
            ).join(' ');
          const joined = segment(at, text(at, kinds.length));
          const [first] = chunks(joined);
          const head = withPreroll(joined, first!, [tail(segment(0, text(0, at)))]);
          const served = Uint8Array.from([...head, ...joined.subarray(first!.mdat.offset + first!.mdat.size)]);
          const from = kinds.lastIndexOf('K', at - 1);
          expect(framesOf(served)).toBe(
            kinds
              .slice(from)
              .map((kind, index) => `${kind}${from + index}`)
              .join(' '),
          );
        },
      ),
    );
  });
});

describe('chunks', () => {
  test('are found as far as they are whole', () => {
    const bytes = segment(0, 'Kp p');
    const [first] = chunks(bytes);
    expect(chunksOf(bytes.subarray(0, first!.mdat.offset + first!.mdat.size))).toHaveLength(1);
    expect(chunksOf(bytes.subarray(0, first!.mdat.offset + 5))).toHaveLength(0);
    expect(chunksOf(segmentHeader())).toHaveLength(0);
  });

  test('that are made otherwise, or lie about their sizes, are none', () => {
    const bytes = segment(0, 'Kp p');
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0, 255]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        // Never throws; what it finds lies within the bytes.
        for (const { samples } of chunksOf(damaged) ?? []) {
          for (const { offset, size } of samples) expect(offset + size).toBeLessThanOrEqual(bytes.length);
        }
      }
    }
  });
});
