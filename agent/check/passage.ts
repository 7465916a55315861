import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import type { StreamName } from '../../protocol/names.ts';
import type { Asking } from './edge-request.ts';
import type { Passage } from './passage-verdict.ts';
import { pause, Probe, within, type Pieces } from './probe.ts';

/** Pieces like fragments, larger than what a stack of buffers might let through at once. */
const FRAGMENTS: Pieces = { count: 5, bytes: 5000, gap: milliseconds(200) };
/** In which GET and HEAD come to wait at the edge. */
const HEAD_START = milliseconds(300);
const PATIENCE_MS = 15_000;

/**
 * Sends a segment to the edge piece by piece, and reads it back at the same time. A HEAD waits beside the GET: its answer
 * comes when the edge sees the PUT begin and has no body that could be held up, so that tells the way there from the way
 * back.
 * @throws Error when the edge does not do it
 */
export async function tryPassage(
  asking: Asking,
  stream: StreamName,
  sent = FRAGMENTS,
  way: 'direct' | 'shared' = 'direct',
): Promise<Passage> {
  using limited = within(asking, PATIENCE_MS);
  const probe = new Probe(limited, stream);
  const written: Milliseconds[] = [];
  const awaitOpening = async (): Promise<Milliseconds> => {
    await (await probe.get('HEAD')).body.dump();
    return asking.clock.monotonic();
  };
  const write = async (): Promise<void> => {
    await pause(limited, HEAD_START);
    await probe.put(probe.pieces(sent, written));
  };
  const [arrived, opened] = await Promise.all([probe.read(sent, way), awaitOpening(), write()]);
  if (arrived.length < sent.count) throw new Error(`of ${sent.count} pieces ${arrived.length} came back`);
  return { written, arrived, opened, gap: sent.gap };
}
