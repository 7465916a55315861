/** What FFmpeg may hand over when it, its camera or the machine has gone wrong: frames, or an error that says what is wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { fragment } from '../../agent/cmaf/fragment.ts';
import { ForcedSegmenter } from '../../agent/cmaf/forced-segmenter.ts';
import { initSegment } from '../../agent/cmaf/init.ts';
import { ParameterSetError } from '../../agent/cmaf/parameter-set.ts';
import { TimestampJump, type Step } from '../../agent/cmaf/segmenter.ts';
import { FlvError, FlvReader, MAX_TAG_BYTES } from '../../agent/ffmpeg/flv.ts';
import { readPipe } from '../../agent/ffmpeg/pipe.ts';
import { splitBoxes } from '../../protocol/boxes.ts';
import { seconds, secondsOfTicks } from '../../protocol/units.ts';
import { chunked, mutated, shuffled } from './mutations.ts';

const { seed, inputs: numRuns } = inject('fuzz');
const recording = new Uint8Array(readFileSync(new URL('../fixtures/recordings/camera.flv', import.meta.url)));

const SEGMENT_SECONDS = 1;
const FRAME_SECONDS = 0.1;
/** What times may go astray by before the encoder is started anew, in seconds. */
const MAX_JUMP_SECONDS = 10;
/** What FFmpeg counts from, some day in 2026. */
const BASE = 1_795_345_200;
const RATE = 1 / FRAME_SECONDS;

/** The recording's header and its tags, each with the size that follows it. */
const header = recording.subarray(0, 13);
const tags: readonly Uint8Array[] = (() => {
  const found: Uint8Array[] = [];
  for (let position = 13; position < recording.length;) {
    const [, high = 0, middle = 0, low = 0] = recording.subarray(position);
    const size = 11 + high * 65_536 + middle * 256 + low + 4;
    found.push(recording.subarray(position, position + size));
    position += size;
  }
  return found;
})();

const boxTypes = (bytes: Uint8Array): string[] => splitBoxes(bytes).boxes.map(({ type }) => type);

const withTime = (tag: Uint8Array, ms: number): Uint8Array => {
  const changed = tag.slice();
  changed.set([(ms >> 16) & 255, (ms >> 8) & 255, ms & 255, (ms >> 24) & 127], 4);
  return changed;
};
/** Times as a camera tells them that has lost its clock: by a frame, by seconds, by hours, back and forth. */
const time = fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 40_000 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
const retimed = fc
  .tuple(shuffled(tags), fc.array(fc.option(time, { freq: 4 }), { minLength: 1, maxLength: 30 }))
  .map(([order, times]) => order.map((tag, index) => withTime(tag, times[index % times.length] ?? index * 100)));

/** A tag of the decoder's configuration that is no more than framed rightly. */
const configured = mutated([tags[1]!.subarray(16, -4)]).map((avcC) => {
  const size = 5 + avcC.length;
  const sized = (value: number): number[] => [value >> 16, (value >> 8) & 255, value & 255];
  return Buffer.from([9, ...sized(size), ...[0, 0, 0, 0, 0, 0, 0], 0x17, 0, 0, 0, 0, ...avcC, 0, ...sized(11 + size)]);
});

const inputs = fc.oneof(
  chunked(configured.map((tag) => new Uint8Array(Buffer.concat([header, tags[0]!, tag, ...tags.slice(2)])))),
  chunked(mutated([recording])),
  chunked(retimed.map((order) => new Uint8Array(Buffer.concat([header, ...order])))),
  chunked(shuffled(tags).map((order) => new Uint8Array(Buffer.concat([header, ...order])))),
);

/** As a camera's session does it, but for the uploads. @param steps gets what is to be done, until there is an error */
async function carry(chunks: readonly Uint8Array[], steps: Step[]): Promise<void> {
  const segmenter = new ForcedSegmenter({
    segmentDuration: seconds(SEGMENT_SECONDS),
    fragmentDuration: seconds(FRAME_SECONDS),
    frameRate: RATE,
  });
  await readPipe(
    Readable.from(chunks),
    { base: seconds(BASE), frameRate: RATE },
    {
      config: (config) => {
        assert.deepEqual(boxTypes(initSegment(config)), ['ftyp', 'moov']);
      },
      frame: (frame) => {
        const size = frame.data.reduce((sum, piece) => sum + piece.length, 0);
        assert.equal(size, frame.size);
        steps.push(...segmenter.push(frame));
      },
    },
  );
  steps.push(...segmenter.end());
}

const outcomes = new Map<string, number>();

test(`${numRuns} recordings gone wrong, by seed ${seed}`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(inputs, async (chunks) => {
      let outcome = 'carried';
      const steps: Step[] = [];
      try {
        await carry(chunks, steps);
      } catch (error) {
        const known = error instanceof FlvError || error instanceof ParameterSetError || error instanceof TimestampJump;
        if (!known) throw error;
        assert.match(error.message, /expected .+, got .+|expected more than/);
        outcome = error.name;
      }
      follow(steps);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
    { seed, numRuns },
  );
  // It is no use if all of them end the same way.
  expect([...outcomes.keys()].toSorted()).toEqual(['FlvError', 'ParameterSetError', 'TimestampJump', 'carried']);
  console.log(Object.fromEntries(outcomes));
});

/** Each number is told once, in order, near the time of what is in it; each fragment is whole boxes. */
function follow(steps: Iterable<Step>): void {
  let told = -Infinity;
  const open = new Set<number>();
  let end = -Infinity;
  let sequenceNumber = 0;
  const begin = (number: number): void => {
    assert(number > told);
    told = number;
  };
  for (const step of steps) {
    switch (step.kind) {
      case 'open':
        begin(step.number);
        open.add(step.number);
        break;
      case 'close':
        assert(open.delete(step.number));
        break;
      case 'skip':
        begin(step.from);
        assert(step.to >= step.from);
        assert(step.to - step.from <= (MAX_JUMP_SECONDS + SEGMENT_SECONDS) / SEGMENT_SECONDS);
        told = step.to;
        break;
      case 'fragment': {
        assert(open.has(step.number));
        sequenceNumber += 1;
        const bytes = fragment({ sequenceNumber, frames: step.samples });
        assert.deepEqual(boxTypes(bytes), ['prft', 'moof', 'mdat']);
        for (const sample of step.samples) {
          const start = secondsOfTicks(sample.time);
          assert(start >= step.number * SEGMENT_SECONDS - FRAME_SECONDS);
          assert(start < (step.number + 1) * SEGMENT_SECONDS + FRAME_SECONDS);
          assert(start > end && sample.duration > 0);
          end = start;
        }
        break;
      }
      case 'drop':
        break;
    }
  }
}

test('a tag that says it is larger than any frame is refused before it is read', () => {
  const tagHeader = Uint8Array.of(9, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0);
  const read = (): unknown => [...new FlvReader().push(Buffer.concat([header, tagHeader]))];
  expect(read).toThrow(`FLV: expected a tag of at most ${MAX_TAG_BYTES} bytes, got 16777215 at byte 14`);
});
