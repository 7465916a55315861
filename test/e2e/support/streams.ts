import { vi } from 'vitest';
import { folderWith, freePort, startFastLl, type RunningFastLl } from './fast-ll.ts';
import { Viewer } from './segments.ts';

/** Entries of a `streams.json`, as small as the stories' pictures can be. */
type Entry = Readonly<Record<string, unknown>>;

const SMALL = { targetFps: 10, qualities: { video: [{ targetWidth: 320, targetBitrate: 200 }] } };

export const generated = (stream: string, more: Entry = {}): Entry => ({
  name: `Story: ${stream}`,
  stream,
  type: 'GEN',
  ...SMALL,
  ...more,
});

export const camera = (stream: string, input: string, more: Entry = {}): Entry => ({
  name: `Story: ${stream}`,
  stream,
  type: 'RTSP',
  input,
  ...SMALL,
  ...more,
});

/** Fast-ll with a configuration of its own. */
export interface ConfiguredFastLl extends AsyncDisposable {
  readonly fastLl: RunningFastLl;
  readonly origin: string;
}

/** Starts Fast-ll with these streams, and gives it when its edge knows them all. */
export async function fastLlWith(
  streams: readonly Entry[],
  options: {
    readonly config?: Entry;
    readonly args?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<ConfiguredFastLl> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const files = await folderWith({
    'config.json': { host: '127.0.0.1', port, streams: 'streams.json', ...options.config },
    'streams.json': streams,
  });
  const fastLl = startFastLl(['-c', files.path('config.json'), ...(options.args ?? [])], {
    cwd: files.path('.'),
    environment: options.environment ?? {},
  });
  const configured = {
    fastLl,
    origin,
    async [Symbol.asyncDispose]() {
      await fastLl[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
  try {
    await fastLl.says(/^All streams:/m);
    for (const { stream } of streams) await whenKnown(origin, String(stream));
    return configured;
  } catch (error) {
    await configured[Symbol.asyncDispose]();
    throw error;
  }
}

/** An agent announces its streams a moment after it has started. */
async function whenKnown(origin: string, stream: string): Promise<void> {
  await using viewer = new Viewer(origin, stream);
  await vi.waitFor(async () => {
    if ((await viewer.state()) === undefined) throw new Error(`the edge does not know ${stream}`);
  }, 5000);
}
