/** Whose storage of an embedded edge is, and where: told by processes of their own, in containers and out of them. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const OWNER = fileURLToPath(new URL('../fixtures/storage-owner.ts', import.meta.url));
/** Process numbers, network and mounts of their own, as containers have. */
const CONTAINER = ['unshare', '--fork', '--pid', '--net', '--mount', '--mount-proc', '--kill-child'];
const noContainers = spawnSync(CONTAINER[0]!, [...CONTAINER.slice(1), 'true']).status !== 0;

let place: string;
beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'fast-ll-'))));
afterEach(() => rmSync(place, { recursive: true, force: true }));

interface Owner {
  readonly folder: string;
  readonly said: readonly string[];
  readonly process: ChildProcess;
  readonly end: () => Promise<void>;
}

/** A process that has storage in the best of these places. */
async function owner(places: readonly string[] = [place], before: readonly string[] = []): Promise<Owner> {
  const [command = '', ...args] = [...before, process.execPath, OWNER, ...places];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { folder, said } = JSON.parse(line.toString()) as { folder: string; said: string[] };
  const end = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  return { folder, said, process: child, end };
}

describe('storage', () => {
  it('is gone when its owner ends', async () => {
    const { folder, end } = await owner();
    expect(dirname(folder)).toBe(place);
    await end();
    expect(readdirSync(place)).toEqual([]);
  });

  it('stays while its owner lives', async () => {
    const first = await owner();
    const second = await owner();
    expect(readdirSync(place)).toHaveLength(2);
    await second.end();
    expect(readdirSync(place)).toEqual([first.folder.slice(place.length + 1)]);
    await first.end();
  });

  it('is removed by the next one when its owner was killed', async () => {
    const killed = await owner();
    mkdirSync(join(killed.folder, 'do'));
    writeFileSync(join(killed.folder, 'do', 'database'), 'data');
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
    expect(existsSync(killed.folder)).toBe(true);
    const next = await owner();
    expect(existsSync(killed.folder)).toBe(false);
    await next.end();
  });

  it('whose removal was broken off is removed by the next one', async () => {
    mkdirSync(join(place, 'fast-ll-edge-old-0123456789ab', 'do'), { recursive: true });
    const next = await owner();
    expect(readdirSync(place)).toHaveLength(1);
    await next.end();
  });

  it('of others is left alone, and so is what nobody can be asked about', async () => {
    for (const name of ['another', 'fast-ll-edge-new-0123456789ab', 'fast-ll-edge-0123456789ab']) {
      mkdirSync(join(place, name));
    }
    await (await owner()).end();
    expect(readdirSync(place)).toHaveLength(3);
  });

  it.skipIf(noContainers)(
    'is not taken for abandoned by who cannot see its owner, nor kept for one who is gone',
    async () => {
      const first = await owner([place], CONTAINER);
      const second = await owner([place], CONTAINER);
      const third = await owner();
      expect(readdirSync(place)).toHaveLength(3);
      first.process.kill('SIGKILL');
      await once(first.process, 'exit');
      const fourth = await owner([place], CONTAINER);
      expect(existsSync(first.folder)).toBe(false);
      expect(existsSync(second.folder)).toBe(true);
      for (const { end } of [second, third, fourth]) await end();
      expect(readdirSync(place)).toEqual([]);
    },
  );
});

describe('the place of storage', () => {
  it('is the first one, without a word', async () => {
    const other = join(place, 'other');
    mkdirSync(other);
    const { folder, said, end } = await owner([place, other]);
    expect([dirname(folder), said]).toEqual([place, []]);
    await end();
  });

  it.for<[what: string, best: string, why: string]>([
    ['missing', '/dev/nowhere', 'it is not there'],
    ['no folder', '/dev/null', 'it is no folder'],
  ])('is another one where the first is %s', async ([, best, why]) => {
    const { folder, said, end } = await owner([best, place]);
    expect(dirname(folder)).toBe(place);
    expect(said).toEqual([`the embedded edge keeps its data in ${place}, not in ${best}: ${why}`]);
    await end();
  });

  it('is none where there is no other', async () => {
    const { said } = await owner(['/dev/nowhere', '/dev/null']);
    expect(said).toEqual([
      'the embedded edge has no place for its data: /dev/nowhere: it is not there; /dev/null: it is no folder',
    ]);
  });

  describe.skipIf(noContainers)('in a container', () => {
    const small = (mounted: string, more: string): string[] => [
      ...CONTAINER,
      ...['sh', '-c', `mount -t tmpfs -o size=64m tmpfs ${mounted} && ${more} exec "$@"`, 'sh'],
    ];

    it('is another one where the first is as small as containers have it', async () => {
      const { folder, said, end } = await owner(['/dev/shm', place], small('/dev/shm', ''));
      expect(dirname(folder)).toBe(place);
      expect(said).toEqual([
        `the embedded edge keeps its data in ${place}, not in /dev/shm: only 64 MB are left there`,
      ]);
      await end();
    });

    it('is another one where nothing can be written to the first', async () => {
      const close = 'mount -o remount,ro,size=512m /dev/shm &&';
      const { folder, said, end } = await owner(['/dev/shm', place], small('/dev/shm', close));
      expect(dirname(folder)).toBe(place);
      expect(said).toEqual([
        `the embedded edge keeps its data in ${place}, not in /dev/shm: nothing can be written there`,
      ]);
      await end();
    });

    it('is another one where the first is full', async () => {
      const fill = 'dd if=/dev/zero of=/dev/shm/full bs=1M 2>/dev/null;';
      const { folder, said, end } = await owner(['/dev/shm', place], small('/dev/shm', fill));
      expect(dirname(folder)).toBe(place);
      expect(said).toEqual([`the embedded edge keeps its data in ${place}, not in /dev/shm: only 0 MB are left there`]);
      await end();
    });

    it('is the first, though it is small, where there is no other', async () => {
      const { folder, said, end } = await owner(['/dev/shm'], small('/dev/shm', ''));
      expect(dirname(folder)).toBe('/dev/shm');
      expect(said).toEqual(['the embedded edge keeps its data in /dev/shm: only 64 MB are left there']);
      await end();
    });
  });
});
