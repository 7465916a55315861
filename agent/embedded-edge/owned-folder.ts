import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';

/**
 * A folder that is this process's own, and whoever comes later can tell: a Unix socket in it answers for as long as the
 * process lives, however it ends. Its number would not do: containers that share a folder do not share their numbers.
 *
 *     new-x ──socket answers──▶ x ──owner is gone, or lets go──▶ old-x ──▶ removed
 */
export interface OwnedFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const PREFIX = 'fast-ll-edge-';
const NAME = new RegExp(`^${PREFIX}(?<old>old-)?[0-9a-f]{12}$`);
const SOCKET = 'owner';
const PATIENCE_MS = 2000;

/** @throws what the file system says, where there can be none */
export async function makeOwnedFolder(parent: string): Promise<OwnedFolder> {
  const name = randomBytes(6).toString('hex');
  const unfinished = join(parent, `${PREFIX}new-${name}`);
  const path = join(parent, `${PREFIX}${name}`);
  const server = createServer((socket) => socket.destroy());
  try {
    await mkdir(unfinished, { mode: 0o700 });
    server.listen(socketOf(unfinished, path));
    await once(server, 'listening');
    await rename(unfinished, path);
  } catch (error) {
    server.close();
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  // It must not keep the process from ending. If it fails, the folder is in use all the same.
  server.unref().on('error', () => {});
  return {
    path,
    remove: async () => {
      await remove(parent, `${PREFIX}${name}`);
      server.close();
    },
  };
}

/** Removes the folders of processes that are gone: one that was killed could not remove its own. Never rejects. */
export async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const isOld = match.groups?.['old'] !== undefined;
    // Another user's, perhaps, which can't be removed.
    if (isOld || (await isAbandoned(join(parent, name)))) await remove(parent, name).catch(() => {});
  }
}

/** Named so first that others finish it where this process can't. */
async function remove(parent: string, name: string): Promise<void> {
  const old = join(parent, name.replace(new RegExp(`^${PREFIX}(old-)?`), `${PREFIX}old-`));
  // It may be removed already.
  await rename(join(parent, name), old).catch(() => {});
  await rm(old, { recursive: true, force: true });
}

/** In doubt it is not: without its socket, or where that does not answer but is there. */
async function isAbandoned(folder: string): Promise<boolean> {
  const socket = connect(socketOf(folder, folder));
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return false;
  } catch (error) {
    return codeOf(error) === 'ECONNREFUSED' || (process.platform === 'win32' && codeOf(error) === 'ENOENT');
  } finally {
    socket.destroy();
  }
}

/** @param at where the folder is now; on Windows sockets are elsewhere, and named after where it will be */
const socketOf = (at: string, path: string): string =>
  process.platform === 'win32' ? join(String.raw`\\.\pipe`, path.replaceAll(/[:\\/]/g, '-')) : join(at, SOCKET);
