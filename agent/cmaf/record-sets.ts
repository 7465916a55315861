import type { VideoConfig } from '../media/track.ts';

const LENGTH_BYTES = 4;

/**
 * The parameter sets in a decoder's configuration, in its order, each after its length in 4 bytes as in a frame.
 * @param config with a record as `avcRecord` and `hevcConfig` make them, or an encoder did
 */
export function parameterSetsOf({ codec, record }: VideoConfig): readonly Uint8Array[] {
  return codec === 'h264' ? [...avcSets(record)] : [...hevcSets(record)];
}

/** ISO/IEC 14496-15, 5.3.3.1: number of SPS, the SPS, number of PPS, the PPS. */
function* avcSets(record: Uint8Array): Generator<Uint8Array, void, void> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = view.getUint8(at) & mask;
    at += 1;
    for (let index = 0; index < count; index += 1) {
      const size = view.getUint16(at);
      yield prefixed(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
}

/** ISO/IEC 14496-15, 8.3.3.1: arrays, each with its type and how many units it has. */
function* hevcSets(record: Uint8Array): Generator<Uint8Array, void, void> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const arrays = view.getUint8(22);
  let at = 23;
  for (let array = 0; array < arrays; array += 1) {
    const count = view.getUint16(at + 1);
    at += 3;
    for (let index = 0; index < count; index += 1) {
      const size = view.getUint16(at);
      yield prefixed(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
}

function prefixed(unit: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + unit.length);
  new DataView(bytes.buffer).setUint32(0, unit.length);
  bytes.set(unit, LENGTH_BYTES);
  return bytes;
}
