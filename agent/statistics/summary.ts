import { MAX_REQUESTS, type RequestFigures } from '../../protocol/statistics.ts';

const FIGURES = ['time', 'delta', 'jitter', 'clients'] as const;
const NOTHING = ','.repeat(FIGURES.length - 1);
/** Made at once: some 64 kB take a millisecond. */
const PIECE_LENGTH = 65_536;

/** The original's `summary_jitter.csv`: four columns per client, a row per request. */
export class Summary {
  /** By client, the cells of each of its requests. */
  readonly #clients = new Map<string, string[]>();
  #requests = 0;

  get clients(): number {
    return this.#clients.size;
  }

  add(requests: readonly (RequestFigures & { readonly client: string })[]): void {
    for (const { client, ...request } of requests) {
      // No edge of ours has more.
      if (this.#requests >= MAX_REQUESTS) return;
      this.#requests += 1;
      const cells = FIGURES.map((figure) => request[figure] ?? '').join(',');
      const before = this.#clients.get(client);
      if (before === undefined) this.#clients.set(client, [cells]);
      else before.push(cells);
    }
  }

  clear(): void {
    this.#clients.clear();
    this.#requests = 0;
  }

  /** The file, in pieces. What is added while they are taken is in it from its row on. */
  *csv(): Generator<string> {
    const clients = [...this.#clients];
    let piece = lineOf(clients.flatMap(([client]) => FIGURES.map((figure) => `${client}_${figure}`)));
    for (let row = 0; ; row += 1) {
      const cells = clients.map(([, requests]) => requests[row]);
      if (cells.every((one) => one === undefined)) break;
      piece += lineOf(cells.map((one) => one ?? NOTHING));
      if (piece.length < PIECE_LENGTH) continue;
      yield piece;
      piece = '';
    }
    yield piece;
  }
}

const lineOf = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;
