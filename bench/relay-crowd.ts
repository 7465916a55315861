import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { FragmentMeter } from './relay-meter.ts';
import { Viewer } from './relay-viewer.ts';

/** Viewers in a thread of their own: reading must wait neither for the publisher nor for the figures. */
export interface CrowdOptions {
  readonly origin: string;
  /** Header lines, each with its CR LF. */
  readonly headers: string;
  readonly viewers: number;
  readonly fragmentBytes: number;
  /** Whether they stop reading as soon as they have asked. */
  readonly stalled: boolean;
}

/** What became of one path. */
export interface Watched {
  readonly path: string;
  /** By position in the segment, of all viewers, in milliseconds. */
  readonly latencies: readonly (readonly number[])[];
  readonly errors: readonly string[];
}

export class Crowd {
  readonly #thread: Worker;
  readonly #watched = new Map<string, PromiseWithResolvers<Watched>>();

  private constructor(options: CrowdOptions) {
    this.#thread = new Worker(new URL(import.meta.url), { workerData: options });
    this.#thread.on('message', (watched: Watched) => this.#watched.get(watched.path)?.resolve(watched));
  }

  static async gather(options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(options);
    await once(crowd.#thread, 'online');
    return crowd;
  }

  /** All ask for it, each as soon as its segment before has ended. */
  watch(path: string): Promise<Watched> {
    const watched = Promise.withResolvers<Watched>();
    this.#watched.set(path, watched);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.postMessage(path);
    return watched.promise;
  }

  async leave(): Promise<void> {
    await this.#thread.terminate();
  }
}

function attend({ origin, headers, viewers, fragmentBytes, stalled }: CrowdOptions): void {
  const pending = new Map<string, { latencies: number[][]; errors: string[]; left: number }>();
  const everyone = Array.from(
    { length: viewers },
    () =>
      new Viewer(new URL(origin), headers, () => new FragmentMeter(fragmentBytes), {
        ended: (path, meter, error) => {
          const watched = pending.get(path);
          if (watched === undefined) return;
          if (error !== undefined) watched.errors.push(error.message);
          meter.latencies.forEach((latency, position) => (watched.latencies[position] ??= []).push(latency));
          watched.left -= 1;
          if (watched.left > 0) return;
          pending.delete(path);
          const { latencies, errors } = watched;
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          parentPort?.postMessage({ path, latencies, errors } satisfies Watched);
        },
      }),
  );
  parentPort?.on('message', (path: string) => {
    pending.set(path, { latencies: [], errors: [], left: viewers });
    for (const viewer of everyone) {
      viewer.ask(path);
      if (stalled) viewer.stall();
    }
  });
}

if (!isMainThread) attend(workerData as CrowdOptions);
