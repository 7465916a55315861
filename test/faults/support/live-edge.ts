import { setTimeout as sleep } from 'node:timers/promises';
import { Viewer, type Segment } from '../../e2e/support/segments.ts';

/** How many seconds of arrivals are remembered. */
const MEMORY_SECONDS = 120;

/** The live edge of one stream as somebody sees it who asks for segment after segment, for hours. */
export class LiveEdge implements AsyncDisposable {
  /** Points in time, in seconds since 1970. */
  #arrivals: { readonly captured: number; readonly arrived: number }[] = [];
  readonly #viewer: Viewer;
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;

  constructor(origin: string, stream: string) {
    this.#viewer = new Viewer(origin, stream);
    this.#watching = this.#viewer.follow(this.#over.signal, (segment) => this.#take(segment));
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#viewer[Symbol.asyncDispose]();
    await this.#watching;
  }
}
