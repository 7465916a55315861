/** Room for a whole fragment. */
const PIECE_BYTES = 64 * 1024;
/** So far a body is read that the object does not read yet, so that its breaking off is seen. */
const AHEAD_BYTES = 256 * 1024;

/**
 * A body in pieces as they have come, for a call of an object: the runtime itself passes it on in pieces of 8 KiB, and each
 * costs every reader of the segment a round through JavaScript.
 * @param onBroken told when it breaks off: one that waits for its turn to be read does not see it
 */
export function inPieces(body: ReadableStream<Uint8Array>, onBroken: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader({ mode: 'byob' });
  // Not a stream of bytes: the runtime reads those by 16 KiB.
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read(new Uint8Array(PIECE_BYTES)).catch((error: unknown) => {
          onBroken();
          throw error;
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: AHEAD_BYTES }),
  );
}
