import { expect, onTestFinished, vi } from 'vitest';
import { messageOf } from '../../../agent/errors.ts';
import { Viewer, type Segment } from './segments.ts';

/** Somebody who watches through every trouble: asks for segment after segment by the clock, as players do. */
export class Watcher implements AsyncDisposable {
  /** What it got, in order. */
  readonly segments: Segment[] = [];
  /** What it did not get, and why. */
  readonly failures: string[] = [];
  readonly #viewer: Viewer;

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
    viewer.follow(
      async (number) => void this.segments.push(await viewer.segment(number)),
      (number, error) => this.failures.push(`${number}: ${messageOf(error)}`),
    );
  }

  /** Waits for the first picture that was captured after `moment`. @returns how long after `moment` it was there, in seconds */
  async seesAfter(moment: number, timeout = 15_000): Promise<number> {
    return vi.waitFor(
      () => {
        const fragment = this.segments.flatMap(({ fragments }) => fragments).find(({ time }) => time > moment);
        if (fragment === undefined) throw new Error(`no picture since:\n${this.failures.slice(-5).join('\n')}`);
        return fragment.arrivedAt - moment;
      },
      { timeout, interval: 50 },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#viewer[Symbol.asyncDispose]();
  }
}

/** Somebody who watches until the test is over. */
export function watch(origin: string, stream: string): Watcher {
  const watcher = new Watcher(new Viewer(origin, stream));
  onTestFinished(() => watcher[Symbol.asyncDispose]());
  return watcher;
}

/** Each begins with a keyframe; those without media say only that there is none. */
export function expectNumbersByTheClock(segments: readonly Segment[]): void {
  for (const { number, fragments } of segments) {
    for (const { time } of fragments) {
      expect(time).toBeGreaterThan(number - 0.1);
      expect(time).toBeLessThan(number + 1);
    }
    if (fragments.length > 0) expect(fragments[0]?.frames[0]?.keyframe).toBe(true);
  }
}
