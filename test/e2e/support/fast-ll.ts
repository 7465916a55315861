import { EventEmitter, on } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** Fast-ll as people run it: a process of its own. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAIN = join(ROOT, 'agent/main.ts');
/** What the machine's own environment says must not matter. */
const NEUTRAL = { FASTLL_SECRET: undefined, FASTLL_TOKEN: undefined, FFMPEG_PATH: undefined };

interface Surroundings {
  /** Default: the repository. */
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Network namespace to run in. */
  readonly network?: string;
}

const start = (args: readonly string[], { cwd = ROOT, environment = {}, network }: Surroundings) =>
  execa(...commandIn(network, [process.execPath, MAIN, ...args]), {
    cwd,
    env: { ...NEUTRAL, ...environment },
    stdin: 'ignore',
    reject: false,
    forceKillAfterDelay: 10_000,
  });

/** `ip netns exec` becomes the command: signals reach it. */
const commandIn = (network: string | undefined, command: readonly string[]): [string, string[]] => {
  const [program = '', ...args] = network === undefined ? command : ['ip', 'netns', 'exec', network, ...command];
  return [program, args];
};

/** A run that ends by itself. */
export async function runFastLl(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  await using running = startFastLl(args, surroundings);
  const exitCode = await running.ended;
  return { exitCode, stdout: running.stdout, stderr: running.stderr };
}

export interface RunningFastLl extends AsyncDisposable {
  readonly pid: number | undefined;
  /** All of it, so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** First match in what it has said or will say. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Gives the exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** One that runs until it is told to stop; disposing of it does. */
export function startFastLl(args: readonly string[], surroundings: Surroundings = {}): RunningFastLl {
  const child = start(args, surroundings);
  const said = { stdout: '', stderr: '' };
  const events = new EventEmitter<{ more: [] }>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      events.emit('more');
    });
  }
  const over = new AbortController();
  const ended = child.then(({ exitCode }) => {
    over.abort();
    return exitCode;
  });
  return {
    pid: child.pid,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    ended,
    kill: (signal) => void child.kill(signal),
    async says(pattern) {
      const find = (): RegExpExecArray | null => pattern.exec(said.stdout) ?? pattern.exec(said.stderr);
      const more = on(events, 'more', { signal: over.signal });
      try {
        for (let found = find(); ; found = find()) {
          if (found !== null) return found;
          await more.next();
        }
      } catch {
        const found = find();
        if (found !== null) return found;
        throw new Error(`Fast-ll ended without saying ${String(pattern)}:\n${said.stdout}\n${said.stderr}`);
      } finally {
        await more.return?.();
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder of its own with these files; what is no text is written as JSON. */
export async function folderWith(
  files: Readonly<Record<string, unknown>>,
): Promise<AsyncDisposable & { readonly path: (name: string) => string }> {
  const folder = await mkdtemp(join(tmpdir(), 'fast-ll-'));
  const path = (name: string): string => join(folder, name);
  for (const [name, content] of Object.entries(files)) {
    const isReady = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(path(name), isReady ? content : JSON.stringify(content));
  }
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
