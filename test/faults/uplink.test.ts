/** The way from the agent to the edge is gone for a while: packets are lost, and neither side is told. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { signToken } from '../../protocol/token.ts';
import { folderWith, freePort, startFastLl, type RunningFastLl } from '../e2e/support/fast-ll.ts';
import { ffmpegOf } from '../e2e/support/processes.ts';
import { Viewer } from '../e2e/support/segments.ts';
import { generated } from '../e2e/support/streams.ts';
import { Watcher } from '../e2e/support/watcher.ts';
import { TEST_SECRET } from '../secret.ts';
import { tell } from './support/figures.ts';
import { Network, noNetwork } from './support/network.ts';

const now = (): number => Date.now() / 1000;

/** A camera in a network of its own, its edge here. */
async function remoteCamera(timeShift: number) {
  const network = await Network.create();
  onTestFinished(() => network[Symbol.asyncDispose]());
  const port = await freePort();
  const edge = startFastLl(['edge', '--host', '0.0.0.0', '--port', String(port)], {
    environment: { FASTLL_SECRET: TEST_SECRET },
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  await edge.says(/^Edge:/m);
  const token = await signToken({ sub: '*', scope: 'publish', exp: Math.floor(now()) + 3600 }, TEST_SECRET);
  const files = await folderWith({
    'config.json': { edge: `http://${network.gateway}:${port}`, token, streams: 'streams.json' },
    'streams.json': [generated('remote', { timeShift })],
  });
  onTestFinished(() => files[Symbol.asyncDispose]());
  const agent = startFastLl(['-c', files.path('config.json'), '--json'], { network: network.name });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  const viewer = new Viewer(`http://127.0.0.1:${port}`, 'remote');
  onTestFinished(() => viewer[Symbol.asyncDispose]());
  await viewer.whenState('idle', 15_000);
  await viewer.manifest();
  const watcher = new Watcher(new Viewer(`http://127.0.0.1:${port}`, 'remote'));
  onTestFinished(() => watcher[Symbol.asyncDispose]());
  await watcher.seesAfter(now());
  return { network, agent, viewer, watcher };
}

const memoryMb = async ({ pid }: RunningFastLl): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Which of these segments a viewer who asks now gets with media in them. */
async function present(viewer: Viewer, from: number, to: number): Promise<number[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const segments = await Promise.all(numbers.map((number) => viewer.segment(number).catch(() => undefined)));
  return segments.flatMap((segment) => (segment !== undefined && segment.fragments.length > 0 ? [segment.number] : []));
}

describe.skipIf(noNetwork !== undefined)('an uplink that is gone', () => {
  const cases = [
    { outage: 1, timeShift: 30 },
    { outage: 5, timeShift: 30 },
    { outage: 30, timeShift: 10 },
  ];
  test.for(cases)(
    'for $outage s: live within 2 s, and the last $timeShift s can be fetched',
    { timeout: 120_000 },
    async ({ outage, timeShift }) => {
      const { network, agent, viewer, watcher } = await remoteCamera(timeShift);
      const ffmpeg = await ffmpegOf(agent.pid);
      const memory = await memoryMb(agent);

      const cutAt = now();
      await network.cut();
      await sleep(outage * 1000);
      const mendedAt = now();
      await network.mend();
      const back = await watcher.seesAfter(mendedAt);

      const [first, last] = [Math.ceil(cutAt), Math.floor(mendedAt)];
      // What is still in the window when the line is back, with a second for it to be sent.
      const owed = Math.max(first, Math.ceil(mendedAt - timeShift) + 1);
      await expect
        .poll(() => present(viewer, owed, last), { timeout: timeShift * 1000, interval: 250 })
        .toHaveLength(last - owed + 1);
      if (outage > timeShift) await agent.says(/the edge takes segments again.*?(\d+) dropped/);
      tell({ fault: `uplink gone for ${outage} s`, back: [back], lost: owed - first });
      expect(back).toBeLessThan(2);
      expect((await ffmpegOf(agent.pid)).pid).toBe(ffmpeg.pid);
      expect((await memoryMb(agent)) - memory).toBeLessThan(60);
    },
  );
});
