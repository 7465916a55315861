import { segmentNumber, type SegmentNumber } from '../../protocol/names.ts';
import type { Env } from '../env.ts';
import type { Beginning, SegmentBuffer } from './buffer.ts';
import { chunksOf, type Chunk } from './chunk.ts';
import { joinedTails, withPreroll, type Tail } from './preroll.ts';
import { segmentOf } from './stub.ts';
import type { Place } from './place.ts';

/** A keyframe further back than this many segments is not looked for: each is an object to be asked. */
const MAX_SEGMENTS = 60;
/** What all of them may have for one who joins: an isolate has 128 MB for all its objects. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * What one who joins with this segment gets instead of its first chunk: the same with all frames since the last keyframe.
 * Undefined where it begins with a keyframe, and where those frames are not to be had.
 *
 * @param keyframe the segment before which the keyframe does not lie, by what the agent has said
 */
export async function prerolled(
  env: Env,
  buffer: SegmentBuffer,
  place: Place,
  keyframe: SegmentNumber,
): Promise<Beginning | undefined> {
  const first = await firstChunk(buffer);
  if (first === undefined || first.samples[0]?.isSync !== false) return undefined;
  const from = Math.max(keyframe, place.number - MAX_SEGMENTS);
  const numbers = Array.from({ length: Math.max(0, place.number - from) }, (_, index) => segmentNumber(from + index));
  const tails = await Promise.all(numbers.map((number) => tailOf(env, place, number)));
  // What lies before one that is missing is of no use.
  const missing = tails.lastIndexOf(undefined);
  const needed = joinedTails(tails.slice(missing + 1).filter((tail) => tail !== undefined));
  if (needed === undefined || needed.reduce((sum, { data }) => sum + data.byteLength, 0) > MAX_BYTES) return undefined;
  return { bytes: withPreroll(buffer.bytes, first, needed), instead: first.mdat.offset + first.mdat.size };
}

const tailOf = (env: Env, { stream, representation }: Place, number: SegmentNumber): Promise<Tail | undefined> =>
  // Whoever joins does not fail with an object that does.
  segmentOf(env, stream, representation, number)
    .lastFrames()
    .catch(() => undefined);

/** Once it is whole; undefined where there is none as agents make them. */
async function firstChunk(buffer: SegmentBuffer): Promise<Chunk | undefined> {
  for (;;) {
    const chunks = chunksOf(buffer.bytes);
    if (chunks === undefined || chunks.length > 0) return chunks?.[0];
    if (!(await buffer.more())) return undefined;
  }
}
