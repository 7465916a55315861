import type { Chunk } from './chunk.ts';

/**
 * Preroll: what lets a player begin with a segment that does not begin with a keyframe. The segments of a copied
 * representation are slices of time, and the camera puts its keyframes where it likes; so the first segment that one who
 * joins gets begins with all frames since the last keyframe, squeezed to next to nothing directly before its time.
 *
 * They go into the segment's own first `moof`: as one of their own they left a hole that Shaka waits at. Players decode
 * them and show the first real frame; those who are already watching get the segment as it is.
 */
export interface Tail {
  /** Whether the first of the frames is a keyframe; else the keyframe lies further back. */
  readonly beginsWithKeyframe: boolean;
  readonly sizes: readonly number[];
  /** The frames' bytes, one behind the other. */
  readonly data: Uint8Array;
}

/** How long a frame of the preroll lasts: 0.1 ms. */
const FRAME_TICKS = 9;
/** `trun` sample flags: sync sample; depends on others (14496-12, 8.8.3.1). */
const SYNC_SAMPLE = 0x0200_0000;
const NON_SYNC_SAMPLE = 0x0101_0000;
const TRUN_ENTRIES = 20;

/** What of a segment a player would have to decode before the next one: from its last keyframe on, or all of it. */
export function tailOf(bytes: Uint8Array, chunks: readonly Chunk[]): Tail {
  const samples = chunks.flatMap((chunk) => chunk.samples);
  const keyframe = samples.findLastIndex(({ isSync }) => isSync);
  const needed = samples.slice(Math.max(0, keyframe));
  const data = new Uint8Array(needed.reduce((sum, { size }) => sum + size, 0));
  let position = 0;
  for (const { offset, size } of needed) {
    data.set(bytes.subarray(offset, offset + size), position);
    position += size;
  }
  return { beginsWithKeyframe: keyframe !== -1, sizes: needed.map(({ size }) => size), data };
}

/** Of the tails of segments that follow each other, what has to be decoded; undefined where no keyframe is among them. */
export function joinedTails(tails: readonly Tail[]): readonly Tail[] | undefined {
  const last = tails.findLastIndex(({ beginsWithKeyframe }) => beginsWithKeyframe);
  return last === -1 ? undefined : tails.slice(last);
}

/**
 * The beginning of a segment, up to the end of its first chunk, with a preroll.
 * @param beginning the segment's bytes up to there
 * @param tails in order of time, beginning with a keyframe
 */
export function withPreroll(beginning: Uint8Array, first: Chunk, tails: readonly Tail[]): Uint8Array<ArrayBuffer> {
  const { moof, traf, tfdt, trun, mdat, entrySize } = first;
  const sizes = tails.flatMap((tail) => tail.sizes);
  const mediaSize = tails.reduce((sum, { data }) => sum + data.byteLength, 0);
  const grown = sizes.length * entrySize;
  const whole = new Uint8Array(mdat.offset + mdat.size + grown + mediaSize);
  const view = new DataView(whole.buffer);

  const entries = trun.offset + TRUN_ENTRIES;
  whole.set(beginning.subarray(0, entries));
  for (const box of [moof, traf, trun]) view.setUint32(box.offset, box.size + grown);
  view.setBigUint64(tfdt.offset + 12, first.time - BigInt(sizes.length * FRAME_TICKS));
  view.setUint32(trun.offset + 12, first.samples.length + sizes.length);
  view.setUint32(trun.offset + 16, moof.size + grown + mdat.headerSize);
  sizes.forEach((size, index) => {
    const entry = entries + index * entrySize;
    view.setUint32(entry, FRAME_TICKS);
    view.setUint32(entry + 4, size);
    view.setUint32(entry + 8, index === 0 ? SYNC_SAMPLE : NON_SYNC_SAMPLE);
  });
  const samplesEnd = trun.offset + trun.size;
  whole.set(beginning.subarray(entries, samplesEnd), entries + grown);
  whole.set(beginning.subarray(samplesEnd, mdat.offset + mdat.headerSize), samplesEnd + grown);
  view.setUint32(mdat.offset + grown, mdat.size + mediaSize);
  let position = mdat.offset + grown + mdat.headerSize;
  for (const { data } of tails) {
    whole.set(data, position);
    position += data.byteLength;
  }
  whole.set(beginning.subarray(mdat.offset + mdat.headerSize, mdat.offset + mdat.size), position);
  return whole;
}
