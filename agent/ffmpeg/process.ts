import { Readable, type Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Failure } from '../media/failure.ts';
import { FIRST_PIPE } from './arguments.ts';
import { failureOf } from './failure.ts';

/** One run of FFmpeg: a pipe of FLV for each quality. */
export interface FfmpegProcess {
  /** Null unless it is fed. */
  readonly stdin: Writable | null;
  readonly pipes: readonly Readable[];
  /** How it ended, once it has; never rejects. `undefined` when it was told to. */
  readonly ended: Promise<Failure | undefined>;
}

/** Enough to see why it failed. */
const LAST_LINES = 20;
/** After which an FFmpeg that was asked to end is killed. */
const FORCE_KILL_MS = 1000;

export function startFfmpeg(options: {
  readonly path: string;
  readonly args: readonly string[];
  readonly pipes: number;
  readonly onLine: (line: string) => void;
  /** Whether it reads its stdin. */
  readonly fed?: boolean;
  readonly signal: AbortSignal;
}): FfmpegProcess {
  const child = execa(options.path, options.args, {
    stdio: [
      options.fed === true ? 'pipe' : 'ignore',
      'ignore',
      'pipe',
      ...Array.from({ length: options.pipes }, () => 'pipe' as const),
    ],
    buffer: false,
    reject: false,
    cancelSignal: options.signal,
    forceKillAfterDelay: FORCE_KILL_MS,
  });
  const lines: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      options.onLine(line);
    });
  }
  const pipes = Array.from({ length: options.pipes }, (_, index) => {
    const pipe = child.stdio[FIRST_PIPE + index];
    // It would only ever be missing if it were not asked for above.
    return pipe instanceof Readable ? pipe : Readable.from([]);
  });
  const ended = child.then(({ isCanceled, exitCode, signal, code }) => {
    if (isCanceled) return undefined;
    return failureOf(lines, signal ?? (exitCode === undefined ? (code ?? 'not started') : `exit code ${exitCode}`));
  });
  return { stdin: child.stdin, pipes, ended };
}
