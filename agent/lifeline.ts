import { spawn, type ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';

/** Reads lists of processes for as long as somebody writes them, then ends those of the last one. */
const GUARD = `trap '' INT TERM HUP; while read -r line; do processes=$line; done; kill -9 $processes`;

/**
 * Ties every process that this one starts, FFmpeg and workerd, to its own life, even where it is killed and can do
 * nothing more itself: a shell waits for the end of a pipe that only this process holds open, and then kills what is
 * left. Of libraries' children it learns from Node, which tells of each.
 *
 * Where there is no shell, as on Windows, it does nothing.
 */
export function holdLifeline(): void {
  const guard = spawn('sh', ['-c', GUARD], { stdio: ['pipe', 'ignore', 'ignore'] });
  const { stdin } = guard;
  let held = true;
  for (const end of [guard, stdin]) end.on('error', () => (held = false));
  // It outlives this process, and must not keep it.
  guard.unref();
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();

  const running = new Set<number>();
  const tell = (): void => {
    if (held) stdin.write(`${[...running].join(' ')}\n`);
  };
  subscribe('child_process', (message) => {
    const { process: child } = message as { process: ChildProcess };
    child.once('spawn', () => {
      const { pid } = child;
      if (pid === undefined) return;
      running.add(pid);
      tell();
      child.once('exit', () => {
        running.delete(pid);
        tell();
      });
    });
  });
}
