/** Whatever breaks, the same addresses have live media again within seconds, and the numbers go on by the clock. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { TEST_SECRET } from '../secret.ts';
import { folderWith, freePort, runFastLl, startFastLl } from './support/fast-ll.ts';
import { childrenOf, ffmpegOf, leftOf } from './support/processes.ts';
import { Viewer } from './support/segments.ts';
import { camera as cameraEntry, fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';
import { expectNumbersByTheClock, watch } from './support/watcher.ts';

const now = (): number => Date.now() / 1000;

describe('a camera that is watched', () => {
  let camera: Camera;
  let running: ConfiguredFastLl;
  let manifest: string;

  beforeAll(async () => {
    camera = await startCamera({ size: '320x180', fps: 15, gopSeconds: 1 });
    running = await fastLlWith([cameraEntry('front', camera.url)]);
    await using viewer = new Viewer(running.origin, 'front');
    manifest = await viewer.manifest();
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await camera.close();
  });

  const troubles: Readonly<Record<string, () => Promise<void>>> = {
    'FFmpeg was killed': async () => {
      process.kill((await ffmpegOf(running.fastLl.pid)).pid, 'SIGKILL');
    },
    'the camera dropped the connection': async () => {
      camera.drop();
    },
    'the camera was unplugged for a while': async () => {
      await camera.unplug();
      await using viewer = new Viewer(running.origin, 'front');
      await viewer.whenState('waiting');
      await camera.plugIn();
    },
    'the camera hung and was plugged in again': async () => {
      camera.hang();
      await running.fastLl.says(/front: the camera has sent no picture for 5 s/);
      camera.resume();
    },
  };

  test.for(Object.entries(troubles))('is back in seconds after %s', async ([, trouble]) => {
    const watcher = watch(running.origin, 'front');
    await watcher.seesAfter(now());
    await trouble();
    const mended = now();
    const took = await watcher.seesAfter(mended);
    expect(took).toBeLessThan(8);
    // And goes on.
    await watcher.seesAfter(now());
    expectNumbersByTheClock(watcher.segments);
    await using viewer = new Viewer(running.origin, 'front');
    expect(await viewer.manifest()).toBe(manifest);
  });
});

describe('an edge and an agent of their own', () => {
  let port: number;
  let files: Awaited<ReturnType<typeof folderWith>>;

  beforeAll(async () => {
    port = await freePort();
    const token = await runFastLl(['token', '--publish', '--stream', 'front', '--secret', TEST_SECRET]);
    files = await folderWith({
      'config.json': { edge: `http://127.0.0.1:${port}`, token: token.stdout.trim(), streams: 'streams.json' },
      'streams.json': [generated('front', { alwaysOn: true })],
    });
  });
  afterAll(() => files[Symbol.asyncDispose]());

  const startEdge = () => {
    const edge = startFastLl(['edge', '--port', String(port)], { environment: { FASTLL_SECRET: TEST_SECRET } });
    onTestFinished(() => edge[Symbol.asyncDispose]());
    return edge;
  };
  const startAgent = () => {
    const agent = startFastLl(['-c', files.path('config.json')]);
    onTestFinished(() => agent[Symbol.asyncDispose]());
    return agent;
  };

  test('are back in seconds after either was killed, and leave no process behind', async () => {
    const origin = `http://127.0.0.1:${port}`;
    const first = { edge: startEdge(), agent: startAgent() };
    await using viewer = new Viewer(origin, 'front');
    await first.edge.says(/^Edge:/m);
    await viewer.whenState('live', 15_000);
    const manifest = await viewer.manifest();
    const init = await viewer.init();
    const watcher = watch(origin, 'front');
    await watcher.seesAfter(now());

    const ffmpeg = await ffmpegOf(first.agent.pid);
    first.agent.kill('SIGKILL');
    await first.agent.ended;
    await viewer.whenState('offline');
    await expect.poll(() => leftOf([ffmpeg]), { timeout: 5000 }).toEqual([]);
    startAgent();
    const agentTook = await watcher.seesAfter(now());
    expect(agentTook).toBeLessThan(8);
    expect(await viewer.manifest()).toBe(manifest);
    expect(await viewer.init()).toEqual(init);

    const workerd = await childrenOf(first.edge.pid, 'workerd');
    first.edge.kill('SIGKILL');
    await first.edge.ended;
    await expect.poll(() => leftOf(workerd), { timeout: 5000 }).toEqual([]);
    await startEdge().says(/^Edge:/m);
    const edgeTook = await watcher.seesAfter(now());
    expect(edgeTook).toBeLessThan(8);
    await using newViewer = new Viewer(origin, 'front');
    expect(await newViewer.manifest()).toBe(manifest);
    expectNumbersByTheClock(watcher.segments);
  });
});
