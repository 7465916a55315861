/** Boxes gone wrong: those that are whole, or an error that says where. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { BoxError, boxContent, splitBoxes } from '../../protocol/boxes.ts';
import { chunked, mutated } from './mutations.ts';

const { seed, inputs: numRuns, encoderOutput } = inject('fuzz');
const recording = new Uint8Array(Buffer.from(encoderOutput, 'base64'));
const wholes = splitBoxes(recording).boxes;
const init = recording.subarray(0, wholes[2]!.offset);
const segment = recording.subarray(wholes[2]!.offset);

/** Boxes that hold boxes. */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf']);

/** Every box at any depth, as its path. */
function* tree(bytes: Uint8Array, path = ''): Generator<string> {
  const { boxes, length } = splitBoxes(bytes);
  let end = 0;
  for (const box of boxes) {
    assert.equal(box.offset, end);
    assert(box.size >= box.headerSize);
    end += box.size;
    const here = `${path}/${box.type}`;
    yield here;
    const content = boxContent(bytes, box);
    assert.equal(content.length, box.size - box.headerSize);
    if (CONTAINERS.has(box.type)) yield* tree(content, here);
  }
  assert.equal(length, end);
  assert(length <= bytes.length);
}

test('the recording is what it should be', () => {
  expect([...tree(init)]).toContain('/moov/trak/mdia/minf/stbl/stsd');
  expect([...tree(segment)].slice(0, 5)).toEqual([
    '/moof',
    '/moof/mfhd',
    '/moof/traf',
    '/moof/traf/tfhd',
    '/moof/traf/tfdt',
  ]);
});

test(`${numRuns} files gone wrong, by seed ${seed}`, { timeout: 300_000 }, () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(chunked(mutated([init, segment, recording]), 20), (chunks) => {
      const bytes = new Uint8Array(Buffer.concat(chunks));
      try {
        const paths = [...tree(bytes)];
        outcomes.read += 1;
        assert(paths.length <= bytes.length / 8);
        // In pieces the same boxes come of it.
        assert.deepEqual([...topLevel(chunks)], [...topLevel([bytes])]);
      } catch (error) {
        if (!(error instanceof BoxError)) throw error;
        assert.match(error.message, /^box ".{4}" at byte \d+: expected a size of at least (8|16), got \d+$/s);
        outcomes.refused += 1;
      }
    }),
    { seed, numRuns },
  );
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(numRuns / 50);
});

function* topLevel(chunks: readonly Uint8Array[]): Generator<string> {
  let kept = new Uint8Array();
  for (const chunk of chunks) {
    kept = new Uint8Array(Buffer.concat([kept, chunk]));
    const { boxes, length } = splitBoxes(kept);
    yield* boxes.map(({ type, size }) => `${type} ${size}`);
    kept = kept.slice(length);
  }
}
