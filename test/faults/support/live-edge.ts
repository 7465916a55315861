import { setTimeout as sleep } from 'node:timers/promises';
import { Viewer, type Segment } from '../../e2e/support/segments.ts';

/** How many seconds of arrivals are remembered. */
const MEMORY_SECONDS = 120;

/** The live edge of one stream as somebody sees it who asks for segment after segment, for hours. */
export class LiveEdge implements AsyncDisposable {
  /** Points in time, in seconds since 1970. */
  #arrivals: { readonly captured: number; readonly arrived: number }[] = [];
  readonly #viewer: Viewer;

  constructor(origin: string, stream: string) {
    this.#viewer = new Viewer(origin, stream);
    this.#viewer.follow(async (number) => this.#take(await this.#viewer.segment(number)));
  }

  /** Waits for a picture captured after `moment`. @returns how long after `moment` it was there */
  async reaches(moment: number, timeout: number): Promise<number> {
    for (const deadline = Date.now() / 1000 + timeout; Date.now() / 1000 < deadline; await sleep(50)) {
      const found = this.#arrivals.find(({ captured }) => captured > moment);
      if (found !== undefined) return found.arrived - moment;
    }
    throw new Error(`no picture in ${timeout} s`);
  }

  /** Between pictures that came after `moment`, by their capture. */
  longestGapSince(moment: number): number {
    const times = this.#arrivals.filter(({ captured }) => captured > moment).map(({ captured }) => captured);
    return Math.max(0, ...times.map((time, index) => time - (times[index - 1] ?? moment)));
  }

  #take({ fragments }: Segment): void {
    this.#arrivals.push(...fragments.map(({ time, arrivedAt }) => ({ captured: time, arrived: arrivedAt })));
    const oldest = Date.now() / 1000 - MEMORY_SECONDS;
    if ((this.#arrivals[0]?.arrived ?? oldest) < oldest - MEMORY_SECONDS) {
      this.#arrivals = this.#arrivals.filter(({ arrived }) => arrived > oldest);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#viewer[Symbol.asyncDispose]();
  }
}
