import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './clock.ts';

/**
 * Where the embedded edge keeps what its Stream objects store, for as long as it runs.
 *
 * Segment objects store nothing, but workerd makes a database for each object there is, and keeps it: of one quality
 * 350 MB a day. So the folder is in memory where the machine has such a place, and databases of segments are removed
 * when they are old; an object that still runs does not miss its own.
 */
export interface EdgeStorage {
  readonly folder: string;
  readonly close: () => Promise<void>;
}

const IN_MEMORY = '/dev/shm';
const PREFIX = 'fast-ll-edge-';
/** By Miniflare: the Worker's name and the class. */
const SEGMENTS = join('do', 'fast-ll-Segment');
/** Beside them is one of workerd's own. */
const OF_AN_OBJECT = /^[0-9a-f]{64}\.sqlite/;
const SWEEP_INTERVAL_MS = 30_000;
const OLD_MS = 60_000;

/** @param process this one: folders of those that are gone are removed */
export async function openEdgeStorage(process: number, clock: Clock): Promise<EdgeStorage> {
  const parent = (await exists(IN_MEMORY)) ? IN_MEMORY : tmpdir();
  await removeLeftovers(parent);
  const folder = await mkdtemp(join(parent, `${PREFIX}${process}-`));
  // Never rejects.
  const timer = setInterval(() => void sweep(join(folder, SEGMENTS), clock.wall() - OLD_MS), SWEEP_INTERVAL_MS);
  return {
    folder,
    close: async () => {
      clearInterval(timer);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Removes what has not changed since `before`. What can't be removed is tried again the next time. */
async function sweep(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => OF_AN_OBJECT.test(one))) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < before) await rm(file, { force: true }).catch(() => {});
  }
}

/** An agent that was killed could not remove its own. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    // Another user's, perhaps.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
  }
}

function isRunning(process: number): boolean {
  try {
    return globalThis.process.kill(process, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
