import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { systemClock } from '../agent/clock.ts';
import { newSecret, startEmbeddedEdge } from '../agent/embedded-edge.ts';
import { seconds } from '../protocol/units.ts';

/** What is measured: a server that takes PUTs and answers GETs of the same paths. */
export interface Target {
  readonly name: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose processor time and memory are read; undefined where the server is elsewhere. */
  readonly pid: number | undefined;
  readonly close: () => Promise<void>;
}

/** The least that a relay can do. */
export async function floor(): Promise<Target> {
  const path = new URL('floor.ts', import.meta.url).pathname;
  const child = execa(process.execPath, [path], { reject: false });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    name: 'floor',
    url: new URL(`http://127.0.0.1:${Number(port.toString())}`),
    headers: {},
    pid: child.pid,
    close: async () => {
      child.kill();
      await child;
    },
  };
}

/** Fast-ll's edge, as `fast-ll run` starts it. */
export async function fastLl(): Promise<Target> {
  const before = children();
  const embedded = await startEmbeddedEdge({
    host: '127.0.0.1',
    port: 0,
    https: undefined,
    secret: newSecret(),
    playback: 'open',
    timeDisplacement: seconds(0),
    waitForAbsentSegment: true,
    clock: systemClock,
    onError: () => {},
    onNotice: () => {},
  });
  return {
    name: 'fast-ll',
    url: embedded.url,
    headers: { authorization: `Bearer ${await embedded.token('publish', '*', seconds(36_000))}` },
    pid: children().find((pid) => !before.includes(pid) && commandOf(pid) === 'workerd'),
    close: () => embedded.close(),
  };
}

/** One that runs already. @param pid of its process, on this machine @param headers as `Name: value` */
export function given(name: string, url: string, pid: number | undefined, headers: readonly string[]): Target {
  return {
    name,
    url: new URL(url),
    headers: Object.fromEntries(headers.map((line) => line.split(/:\s*/, 2) as [string, string])),
    pid,
    close: () => Promise.resolve(),
  };
}

const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
