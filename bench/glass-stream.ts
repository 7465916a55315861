import { startCamera } from '../test/fixtures/camera/camera.ts';
import { folderWith, freePort, startFastLl } from '../test/e2e/support/fast-ll.ts';
import type { Strip } from './glass-eye.ts';

/** `gen`: Fast-ll's own test picture. A camera over RTSP: encoded anew (`rtsp`), or as it is (`copied`). */
export const SOURCES = ['gen', 'rtsp', 'copied'] as const;
export type Source = (typeof SOURCES)[number];

/** What is looked at. */
export interface Setup {
  readonly source: Source;
  /** Seconds from keyframe to keyframe of a camera. */
  readonly gop: number;
  readonly fps: number;
  /** Seconds. */
  readonly fragment: number;
  /** Latency that the manifest asks for, in milliseconds. */
  readonly target: number;
  /** In kbit/s: one encoding each. */
  readonly bitrates: readonly number[];
  /** Server-side representation switching. */
  readonly ssrs: boolean;
}

export const STREAM = 'glass';
const WIDTH = 640;

/**
 * Where the clock is and what its time means. `gen`: when FFmpeg's filter gave the frame out; drawing the clock is
 * included. A camera's: when its own FFmpeg did; the camera's encoding and sending are included.
 */
export const STRIPS: Readonly<Record<Source, Strip>> = {
  gen: { top: 0.965, bottom: 0.985 },
  rtsp: { top: 0.022, bottom: 0.044 },
  copied: { top: 0.022, bottom: 0.044 },
};

/** A camera, an agent and an embedded edge, asleep until somebody watches. */
export async function startStream(setup: Setup): Promise<AsyncDisposable & { readonly port: number }> {
  const { source, fps, gop, fragment, target, bitrates, ssrs } = setup;
  await using started = new AsyncDisposableStack();
  const camera =
    source === 'gen'
      ? undefined
      : started.use(await startCamera({ fps, gopSeconds: gop, size: `${WIDTH}x${(WIDTH * 9) / 16}` }));
  const port = await freePort();
  const stream = {
    ...{ name: 'Glass to glass', stream: STREAM, type: source === 'gen' ? 'GEN' : 'RTSP', input: camera?.url },
    ...{ targetFps: fps, intraInterval: Math.round(fps), fragmentDuration: fragment, targetLatency: target / 1000 },
    serverSideRepresentationSwitching: ssrs,
    qualities: {
      video:
        source === 'copied'
          ? [{ copy: true }]
          : bitrates.map((targetBitrate) => ({ targetWidth: WIDTH, targetBitrate })),
    },
  };
  const files = started.use(
    await folderWith({
      'config.json': { host: '127.0.0.1', port, streams: 'streams.json', origins: ['*'] },
      'streams.json': [stream],
    }),
  );
  const fastLl = started.use(startFastLl(['-c', files.path('config.json')], { cwd: files.path('.') }));
  await fastLl.says(/^All streams:/m);
  const known = new URL(`http://127.0.0.1:${port}/api/streams/${STREAM}`);
  while (!(await fetch(known)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
  const running = started.move();
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
