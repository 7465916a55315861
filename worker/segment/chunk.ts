import { boxContent, BoxError, splitBoxes, type Box } from '../../protocol/boxes.ts';

/**
 * A chunk of a segment (ISO/IEC 23000-19, 7.3.2.3) as agents make them: one track, one run of samples, all that is said
 * of a sample said in `trun`. Where each thing lies is told from the start of the bytes it was read from.
 */
export interface Chunk {
  readonly moof: Box;
  readonly traf: Box;
  readonly tfdt: Box;
  readonly trun: Box;
  readonly mdat: Box;
  /** `baseMediaDecodeTime`: when the first sample is to be decoded, in ticks. */
  readonly time: bigint;
  /** Bytes that `trun` has for each sample. */
  readonly entrySize: number;
  readonly samples: readonly ChunkSample[];
}

export interface ChunkSample {
  /** Where its bytes lie. */
  readonly offset: number;
  readonly size: number;
  /** Decoding can begin with it (14496-12, 8.8.3.1: not `sample_is_non_sync_sample`). */
  readonly isSync: boolean;
}

/** `trun` (14496-12, 8.8.8): data offset; of each sample duration, size and flags, and perhaps a composition offset. */
const TRUN_FLAGS = 0x701;
const COMPOSITION_OFFSETS = 0x800;
const NON_SYNC = 0x1_0000;
/** A full box's header, the count of samples, the data offset. */
const TRUN_ENTRIES = 20;

/** The whole chunks at the start of `bytes`, as far as they are what agents make; undefined where one is not. */
export function chunksOf(bytes: Uint8Array): Chunk[] | undefined {
  try {
    const { boxes } = splitBoxes(bytes);
    const chunks: Chunk[] = [];
    for (const [index, moof] of boxes.entries()) {
      if (moof.type !== 'moof') continue;
      const mdat = boxes[index + 1];
      if (mdat === undefined) break;
      const chunk = mdat.type === 'mdat' ? chunkOf(bytes, moof, mdat) : undefined;
      if (chunk === undefined) return undefined;
      chunks.push(chunk);
    }
    return chunks;
  } catch (error) {
    if (error instanceof BoxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function chunkOf(bytes: Uint8Array, moof: Box, mdat: Box): Chunk | undefined {
  const [traf, ...otherTracks] = childrenOf(bytes, moof).filter(({ type }) => type === 'traf');
  if (traf === undefined || otherTracks.length > 0) return undefined;
  const boxes = childrenOf(bytes, traf);
  const tfdt = boxes.find(({ type }) => type === 'tfdt');
  const [trun, ...otherRuns] = boxes.filter(({ type }) => type === 'trun');
  if (tfdt === undefined || trun === undefined || otherRuns.length > 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint32(trun.offset + 8) & 0xff_ffff;
  if (view.getUint8(tfdt.offset + 8) !== 1 || (flags & ~COMPOSITION_OFFSETS) !== TRUN_FLAGS) return undefined;
  const entrySize = (flags & COMPOSITION_OFFSETS) === 0 ? 12 : 16;
  const count = view.getUint32(trun.offset + 12);
  const isWhole = trun.size === TRUN_ENTRIES + count * entrySize;
  const dataAt = moof.offset + view.getUint32(trun.offset + 16);
  if (!isWhole || mdat.headerSize !== 8 || dataAt !== mdat.offset + mdat.headerSize) return undefined;
  const samples: ChunkSample[] = [];
  let offset = dataAt;
  for (let index = 0; index < count; index += 1) {
    const entry = trun.offset + TRUN_ENTRIES + index * entrySize;
    const size = view.getUint32(entry + 4);
    samples.push({ offset, size, isSync: (view.getUint32(entry + 8) & NON_SYNC) === 0 });
    offset += size;
  }
  if (offset !== mdat.offset + mdat.size) return undefined;
  return { moof, traf, tfdt, trun, mdat, time: view.getBigUint64(tfdt.offset + 12), entrySize, samples };
}

/** The boxes in a box, with their places in `bytes`. */
function childrenOf(bytes: Uint8Array, parent: Box): Box[] {
  const start = parent.offset + parent.headerSize;
  return splitBoxes(boxContent(bytes, parent)).boxes.map((box) => ({ ...box, offset: start + box.offset }));
}
