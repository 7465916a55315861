/**
 * The built edge over two workerd processes, as at Cloudflare: the Worker in one, its objects in another, and Cap'n Proto
 * between them. Miniflare's dev registry tells the one where the other is.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Miniflare, type MiniflareOptions } from 'miniflare';
import { addressOf, miniflareOptions, type EdgeHome } from '../../../miniflare.config.ts';

export interface SplitEdge {
  readonly url: URL;
  readonly close: () => Promise<void>;
}

export async function startSplitEdge(settings: Pick<EdgeHome, 'bindings' | 'onError'>): Promise<SplitEdge> {
  const folder = await mkdtemp(join(tmpdir(), 'fast-ll-split-'));
  const home = { host: '127.0.0.1', port: 0, https: undefined, ...settings };
  const registry = { enableDevRegistry: true, unsafeDevRegistryPath: join(folder, 'registry') };
  const objects = new Miniflare({ ...miniflareOptions({ ...home, storage: join(folder, 'objects') }), ...registry });
  // Its objects are found by the Worker's name, so it has to be there first.
  await objects.ready;
  const worker = new Miniflare({
    ...withoutObjects(miniflareOptions({ ...home, storage: join(folder, 'worker') })),
    ...registry,
  });
  return {
    url: await addressOf(worker, home),
    close: async () => {
      await worker.dispose();
      await objects.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Under another name and without classes of its own: its bindings still lead to those of the first name. */
const withoutObjects = (options: MiniflareOptions): MiniflareOptions => ({
  ...options,
  workers: options.workers.map((worker) => ({
    ...worker,
    config: { ...worker.config, name: 'worker-alone', exports: {} },
  })),
});
