/** The edge goes away in the middle of a segment: it is there again with all that it knew, and the segment is whole. */
import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
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

test('what the edge has stored is removed under it: it is started anew, and all come back', async () => {
  await using running = await fastLlWith([generated('doors', DOORS)]);
  await using viewer = new Viewer(running.origin, 'doors');
  await viewer.whenState('live', 15_000);
  const [manifest, init] = [await viewer.manifest(), await viewer.init()];
  await using watcher = new Watcher(new Viewer(running.origin, 'doors'));
  await watcher.seesAfter(now());

  const [workerd] = await childrenOf(running.fastLl.pid, 'workerd');
  await rm(await storageOf(workerd?.pid), { recursive: true });
  const removed = now();
  const [said] = await running.fastLl.says(/the embedded edge fails: it answers 500; starting it anew/);
  const restarted = now();
  const back = await watcher.seesAfter(restarted);
  await running.fastLl.says(/the embedded edge answers again/);

  await using newcomer = new Viewer(running.origin, 'doors');
  // A few had been prepared, and were whole at the edge before it failed. All others are owed, and sent one by one.
  let lost = 0;
  for (let number = Math.ceil(removed) + 5; number < newcomer.current; number += 1) {
    await vi
      .waitFor(async () => expect((await newcomer.segment(number)).fragments).not.toEqual([]), 5000)
      .catch(() => (lost += 1));
  }
  tell({ fault: 'what the edge has stored is removed', back: [restarted - removed + back], lost });
  expect(lost).toBe(0);
  expect(restarted - removed).toBeLessThan(15);
  expect(back).toBeLessThan(8);
  expect(running.fastLl.stderr.split(said)).toHaveLength(2);
  expect(await newcomer.manifest()).toBe(manifest);
  expect(await newcomer.init()).toEqual(init);
  expect((await newcomer.segment(newcomer.current)).fragments[0]?.time).toBeCloseTo(newcomer.current, 0);
});

/** Told by the files that it has open. */
async function storageOf(workerd: number | undefined): Promise<string> {
  const open = `/proc/${workerd}/fd`;
  const files = await Promise.all((await readdir(open)).map((file) => readlink(join(open, file)).catch(() => '')));
  const folder = files.map((file) => /^.*\/fast-ll-edge-[^/]+/.exec(file)?.[0]).find((one) => one !== undefined);
  if (folder === undefined) throw new Error('expected a workerd with storage');
  return folder;
}

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
