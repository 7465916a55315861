/** Two agents push one stream, one of them as a spare: a segment is one's or the other's, and one may die. */
import { expect, onTestFinished, test } from 'vitest';
import { splitBoxes } from '../../protocol/boxes.ts';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl } from '../e2e/support/fast-ll.ts';
import type { Segment } from '../e2e/support/segments.ts';
import { generated } from '../e2e/support/streams.ts';
import { watch } from '../e2e/support/watcher.ts';
import { tell } from './support/figures.ts';
import { LiveEdge } from './support/live-edge.ts';

const now = (): number => Date.now() / 1000;

async function twoAgents() {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const edge = await startEdge(port);
  onTestFinished(() => edge[Symbol.asyncDispose]());
  const token = await publishToken();
  const files = await folderWith({
    'config.json': { edge: origin, token, streams: 'streams.json' },
    'streams.json': [generated('both', { alwaysOn: true })],
  });
  onTestFinished(() => files[Symbol.asyncDispose]());
  const start = async () => {
    const agent = startFastLl(['-c', files.path('config.json')]);
    onTestFinished(async () => {
      // One that was stopped would not hear that it is to end.
      agent.kill('SIGKILL');
      await agent.ended;
    });
    await agent.says(/both: live/);
    return agent;
  };
  const first = await start();
  const watcher = watch(origin, 'both');
  await watcher.seesAfter(now());
  await start();
  const liveEdge = new LiveEdge(origin, 'both');
  onTestFinished(() => liveEdge[Symbol.asyncDispose]());
  await liveEdge.reaches(now() + 2, 15);
  return { first, watcher, liveEdge };
}

/** By `mfhd` (ISO/IEC 14496-12, 8.8.5): an encoder counts its fragments, and no two have started at once. */
function sequenceNumbers({ bytes }: Segment): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { boxes } = splitBoxes(bytes);
  return boxes.flatMap(({ type, offset }) => (type === 'moof' ? [view.getUint32(offset + 20)] : []));
}

function expectOneEncoderEach(segments: readonly Segment[]): void {
  for (const segment of segments) {
    const [first = 0, ...others] = sequenceNumbers(segment);
    expect(others, `segment ${segment.number}`).toEqual(others.map((_, index) => first + 1 + index));
  }
}

test.for(['SIGKILL', 'SIGSTOP'] as const)('one of two agents ends by %s: the other goes on', async (signal) => {
  const { first, watcher, liveEdge } = await twoAgents();
  const before = watcher.segments.length;

  if (first.pid === undefined) throw new Error('expected an agent');
  process.kill(first.pid, signal);
  const moment = now();
  const back = await liveEdge.reaches(moment + 1, 20);
  await liveEdge.reaches(moment + 5, 20);

  const gap = liveEdge.longestGapSince(moment - 1);
  tell({
    fault: `one of two agents ends by ${signal}`,
    back: [back],
    note: `pictures missing for ${gap.toFixed(2)} s`,
  });
  expect(before).toBeGreaterThan(2);
  // A segment's duration, and a frame.
  expect(gap).toBeLessThan(1.2);
  expectOneEncoderEach(watcher.segments);
});
