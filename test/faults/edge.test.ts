/** The edge goes away in the middle of a segment: it is there again with all that it knew, and the segment is whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { publishToken, startEdge } from '../e2e/support/edge-process.ts';
import { folderWith, freePort, startFastLl } from '../e2e/support/fast-ll.ts';
import { childrenOf } from '../e2e/support/processes.ts';
import { Viewer } from '../e2e/support/segments.ts';
import { fastLlWith, generated } from '../e2e/support/streams.ts';
import { Watcher } from '../e2e/support/watcher.ts';
import { tell } from './support/figures.ts';

const now = (): number => Date.now() / 1000;
const FPS = 10;
const DOORS = {
  targetFps: FPS,
  serverSideRepresentationSwitching: true,
  alwaysOn: true,
  qualities: {
    video: [
      { targetWidth: 320, targetBitrate: 300 },
      { targetWidth: 320, targetBitrate: 100 },
    ],
  },
};

/** Waits until a segment is half over, does it, and finds the same segment whole. */
async function inTheMiddleOfASegment(origin: string, trouble: () => Promise<void>): Promise<{ back: number }> {
  await using viewer = new Viewer(origin, 'doors');
  const [manifest, init] = [await viewer.manifest(), await viewer.init()];
  await using watcher = new Watcher(new Viewer(origin, 'doors'));
  await watcher.seesAfter(now());
  const number = viewer.current + 1;
  await sleep(1000 * (number + 0.5 - now()));

  await trouble();
  const back = await watcher.seesAfter(now());

  await using newcomer = new Viewer(origin, 'doors');
  expect(await newcomer.manifest()).toBe(manifest);
  expect(await newcomer.init()).toEqual(init);
  const segment = await newcomer.segment(number);
  const frames = segment.fragments.flatMap((fragment) => fragment.frames);
  expect(segment.fragments[0]?.time).toBeLessThan(number + 0.2);
  expect(frames.length).toBeGreaterThanOrEqual(FPS - 1);
  return { back };
}

test('workerd is killed: it is back, with the settings that were made', async () => {
  await using running = await fastLlWith([generated('doors', DOORS)]);
  await using viewer = new Viewer(running.origin, 'doors');
  await viewer.whenState('live', 15_000);
  expect((await fetch(`${running.origin}/ssss/doors/1`)).status).toBe(200);

  const [workerd] = await childrenOf(running.fastLl.pid, 'workerd');
  if (workerd === undefined) throw new Error('expected a workerd');
  const { back } = await inTheMiddleOfASegment(running.origin, async () => {
    process.kill(workerd.pid, 'SIGKILL');
  });

  tell({ fault: 'workerd killed in the middle of a segment', back: [back], lost: 0 });
  expect(back).toBeLessThan(8);
  // Representation 1 has a third of the bytes.
  const [first, second] = [await viewer.segment(viewer.current, 0), await viewer.segment(viewer.current, 1)];
  expect(first.number === second.number ? first.bytes : second.bytes).toEqual(second.bytes);
});

test('an edge is deployed anew while agents are connected to it', async () => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const deploy = async () => {
    const edge = await startEdge(port);
    onTestFinished(() => edge[Symbol.asyncDispose]());
    return edge;
  };
  let edge = await deploy();
  const token = await publishToken();
  await using files = await folderWith({
    'config.json': { edge: origin, token, streams: 'streams.json' },
    'streams.json': [generated('doors', DOORS)],
  });
  await using agent = startFastLl(['-c', files.path('config.json')]);
  await using viewer = new Viewer(origin, 'doors');
  await viewer.whenState('live', 15_000);

  const { back } = await inTheMiddleOfASegment(origin, async () => {
    await edge[Symbol.asyncDispose]();
    edge = await deploy();
  });

  tell({ fault: 'edge stopped and started anew in the middle of a segment', back: [back], lost: 0 });
  expect(back).toBeLessThan(8);
  expect(agent.stderr).toMatch(/doors: the edge takes segments again/);
});
