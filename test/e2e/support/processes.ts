import { execa } from 'execa';

/** Processes of this machine, as the stories look at them: who started whom, and who is left. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** Those that run: what has ended, but was not yet collected by who started it, is none. */
export async function processes(): Promise<Process[]> {
  const { stdout } = await execa('ps', ['-axo', 'pid=,ppid=,stat=,comm='], { lines: true });
  return stdout.flatMap((line) => {
    const [, pid, parent, state, name] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (name === undefined || state?.startsWith('Z') === true) return [];
    return [{ pid: Number(pid), parent: Number(parent), name: name.split('/').at(-1) ?? name }];
  });
}

export async function childrenOf(parent: number | undefined, name?: string): Promise<Process[]> {
  const all = await processes();
  return all.filter((one) => one.parent === parent && (name === undefined || one.name === name));
}

/** The one FFmpeg that a process has started. */
export async function ffmpegOf(parent: number | undefined): Promise<Process> {
  const [ffmpeg, ...more] = await childrenOf(parent, 'ffmpeg');
  if (ffmpeg === undefined || more.length > 0) {
    throw new Error(`expected one FFmpeg of process ${parent}, got ${ffmpeg === undefined ? 0 : 1 + more.length}`);
  }
  return ffmpeg;
}

/** Those of `some` that run still. */
export async function leftOf(some: readonly Process[]): Promise<Process[]> {
  const running = new Set((await processes()).map(({ pid }) => pid));
  return some.filter(({ pid }) => running.has(pid));
}
