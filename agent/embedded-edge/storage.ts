import { access, constants, readdir, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf, UserError } from '../errors.ts';
import { makeOwnedFolder, removeAbandoned, type OwnedFolder } from './owned-folder.ts';

/**
 * Where the embedded edge keeps what its Stream objects store, for as long as it runs.
 *
 * Segment objects store nothing, but workerd makes a database for each object there is, and keeps it: of one quality
 * 350 MB a day. So the folder is in memory where the machine has room there, and databases of segments are removed when
 * they are old; an object that still runs does not miss its own.
 */
export interface EdgeStorage {
  readonly folder: string;
  readonly close: () => Promise<void>;
}

/** The best first: in memory, where the machine has such a place. */
export const PLACES: readonly string[] = process.platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()];
/** What many cameras need, and more than containers are given for memory that processes share (64 MB). */
const ROOM_MB = 128;
/** By Miniflare: the Worker's name and the class. */
const SEGMENTS = join('do', 'fast-ll-Segment');
/** Beside them is one of workerd's own. */
const OF_AN_OBJECT = /^[0-9a-f]{64}\.sqlite/;
const SWEEP_INTERVAL_MS = 30_000;
const OLD_MS = 60_000;

/**
 * @param say told where it is, and why, if that is not the best place
 * @throws UserError where there is no place for it
 */
export async function openEdgeStorage(
  clock: Clock,
  say: (sentence: string) => void,
  places: readonly string[] = PLACES,
): Promise<EdgeStorage> {
  for (const place of places) await removeAbandoned(place);
  const { path, remove } = await roomiest(places, say);
  // Never rejects.
  const timer = setInterval(() => void sweep(join(path, SEGMENTS), clock.wall() - OLD_MS), SWEEP_INTERVAL_MS);
  return {
    folder: path,
    close: async () => {
      clearInterval(timer);
      await remove();
    },
  };
}

interface Place {
  readonly path: string;
  /** In MB. */
  readonly room: number;
  /** What speaks against it. */
  trouble: string | undefined;
}

/** In the first place with room enough, or else in the one with the most. */
async function roomiest(paths: readonly string[], say: (sentence: string) => void): Promise<OwnedFolder> {
  const places = await Promise.all(paths.map(placeAt));
  const [best] = places;
  for (const place of places.toSorted((a, b) => Math.min(ROOM_MB, b.room) - Math.min(ROOM_MB, a.room))) {
    try {
      const folder = await makeOwnedFolder(place.path);
      if (place.path !== best?.path) {
        say(`the embedded edge keeps its data in ${place.path}, not in ${best?.path}: ${best?.trouble}`);
      } else if (place.trouble !== undefined) {
        say(`the embedded edge keeps its data in ${place.path}: ${place.trouble}`);
      }
      return folder;
    } catch (error) {
      place.trouble = reasonOf(error);
    }
  }
  const troubles = places.map(({ path, trouble }) => `${path}: ${trouble}`);
  throw new UserError(`the embedded edge has no place for its data: ${troubles.join('; ')}`);
}

async function placeAt(path: string): Promise<Place> {
  try {
    await access(path, constants.W_OK);
    const { bavail, bsize } = await statfs(path);
    const room = Math.floor((bavail * bsize) / 2 ** 20);
    return { path, room, trouble: room < ROOM_MB ? `only ${room} MB are left there` : undefined };
  } catch (error) {
    return { path, room: 0, trouble: reasonOf(error) };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no folder',
  EACCES: 'nothing may be written there',
  EPERM: 'nothing may be written there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'it is full',
};
const reasonOf = (error: unknown): string => REASONS[codeOf(error) ?? ''] ?? messageOf(error);

/** Removes what has not changed since `before`. What can't be removed is tried again the next time. */
async function sweep(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => OF_AN_OBJECT.test(one))) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < before) await rm(file, { force: true }).catch(() => {});
  }
}
