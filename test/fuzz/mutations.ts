import fc from 'fast-check';

/** Bytes that went wrong on their way: bits turned, pieces lost, doubled and exchanged, lengths that lie. */

export type Mutation = (bytes: Uint8Array) => Uint8Array;

export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  pieces.reduce((position, piece) => (whole.set(piece, position), position + piece.length), 0);
  return whole;
}

/** Values that length fields are wrong about in interesting ways. */
const LIES = [0, 1, 2, 7, 8, 9, 15, 16, 0x7f, 0xff, 0x100, 0xffff, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (where: number, bytes: Uint8Array): number => Math.floor(where * bytes.length);

const flip = fc.tuple(place, fc.nat({ max: 7 })).map(([where, bit]): Mutation => (bytes) => {
  const changed = bytes.slice();
  const index = at(where, bytes);
  if (index < changed.length) changed[index] = changed[index]! ^ (1 << bit);
  return changed;
});
const lie = fc
  .tuple(place, fc.constantFrom(...LIES), fc.constantFrom(1, 2, 3, 4, 8))
  .map(([where, value, width]): Mutation => (bytes) => {
    const changed = bytes.slice();
    for (let index = 0; index < width; index += 1) {
      const position = at(where, bytes) + index;
      if (position < changed.length) changed[position] = Math.floor(value / 256 ** (width - 1 - index)) % 256;
    }
    return changed;
  });
const cut = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.slice(0, at(where, bytes)),
);
const behead = place.map(
  (where): Mutation =>
    (bytes) =>
      bytes.slice(at(where, bytes)),
);
const piece = fc.tuple(place, fc.nat({ max: 600 }));
const leaveOut = piece.map(
  ([where, length]): Mutation =>
    (bytes) =>
      joined(bytes.subarray(0, at(where, bytes)), bytes.subarray(at(where, bytes) + length)),
);
const double = piece.map(
  ([where, length]): Mutation =>
    (bytes) =>
      joined(bytes.subarray(0, at(where, bytes) + length), bytes.subarray(at(where, bytes))),
);
const putIn = fc.tuple(place, fc.uint8Array({ maxLength: 30 })).map(
  ([where, more]): Mutation =>
    (bytes) =>
      joined(bytes.subarray(0, at(where, bytes)), more, bytes.subarray(at(where, bytes))),
);

export const mutation = fc.oneof(flip, flip, lie, lie, lie, cut, behead, leaveOut, double, putIn);

/** One of these recordings, with up to six things wrong with it. */
export const mutated = (recordings: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.constantFrom(...recordings), fc.array(mutation, { maxLength: 6 }))
    .map(([bytes, mutations]) => mutations.reduce((changed, mutate) => mutate(changed), bytes));

/** Pieces of a recording left out, doubled and put in another order. */
export const shuffled = <T>(pieces: readonly T[]): fc.Arbitrary<T[]> =>
  fc.array(fc.tuple(fc.nat({ max: pieces.length - 1 }), fc.nat({ max: 6 })), { maxLength: 6 }).map((moves) => {
    const order = [...pieces];
    for (const [from, length] of moves) {
      const moved = order.slice(from, from + length);
      if (length % 2 === 0) order.splice(from, length);
      order.splice((from * 7) % (order.length + 1), 0, ...moved);
    }
    return order;
  });

/** Bytes in chunks of any size, as pipes and networks hand them over. @param least bytes of a chunk */
export const chunked = (bytes: fc.Arbitrary<Uint8Array>, least = 1): fc.Arbitrary<Uint8Array[]> =>
  fc
    .tuple(bytes, fc.array(fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 2000 })), { minLength: 1, maxLength: 10 }))
    .map(([whole, sizes]) => {
      const chunks: Uint8Array[] = [];
      for (let position = 0, turn = 0; position < whole.length; turn += 1) {
        const size = least + sizes[turn % sizes.length]!;
        chunks.push(whole.subarray(position, position + size));
        position += size;
      }
      return chunks;
    });
