import type { RequestFigures, StreamStatistics } from '../../protocol/statistics.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import { elapsed } from '../elapsed.ts';

/** Of a stream whose agent asks for statistics, the figures of each client's requests, in the Stream object's SQLite. */
const MAX_CLIENTS = 200;
const MAX_ROWS_PER_CLIENT = 10_000;
/** Of all clients: they are read at once, and an object has 128 MB. */
const MAX_ROWS = 100_000;
/** A client that has asked within this time is there. */
const PRESENT_MS = 5000;

type Row = { client: string; figures: string };
type Count = { client: string; rows: number };

interface Request {
  readonly time: Milliseconds;
  readonly delta: number | undefined;
}

export class StatisticsTable {
  readonly #sql: SqlStorage;
  /** The last request of each client since the object woke. */
  readonly #last = new Map<string, Request>();
  /** By client; of all of them, also of those who asked before the object slept. */
  #rows: Map<string, number> | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param told what the player said of itself */
  record(client: string, time: Milliseconds, told: Partial<RequestFigures>): void {
    this.#rows ??= this.#countRows();
    if (!hasRoom(this.#rows, client)) return;
    this.#rows.set(client, (this.#rows.get(client) ?? 0) + 1);
    const last = this.#last.get(client);
    const since = last === undefined ? Infinity : elapsed(last.time, time);
    const delta = Number.isFinite(since) ? since : undefined;
    const jitter = delta === undefined || last?.delta === undefined ? undefined : delta - last.delta;
    this.#last.set(client, { time, delta });
    const clients = this.#last
      .values()
      .filter((one) => elapsed(one.time, time) < PRESENT_MS)
      .toArray().length;
    const figures = {
      time,
      ...(delta !== undefined && { delta }),
      ...(jitter !== undefined && { jitter }),
      clients,
      ...told,
    };
    this.#sql.exec('INSERT INTO requests (client, figures) VALUES (?, ?)', client, JSON.stringify(figures));
  }

  read(stream: string): StreamStatistics {
    this.#create();
    const byClient = new Map<string, RequestFigures[]>();
    for (const { client, figures } of this.#sql.exec<Row>('SELECT client, figures FROM requests ORDER BY id')) {
      const requests = byClient.get(client) ?? [];
      requests.push(JSON.parse(figures) as RequestFigures);
      byClient.set(client, requests);
    }
    return { stream, clients: [...byClient].map(([client, requests]) => ({ client, requests })) };
  }

  clear(): void {
    this.#last.clear();
    this.#rows = undefined;
    this.#sql.exec('DROP TABLE IF EXISTS requests');
  }

  /** Not before it is needed: a stream without statistics has no table. */
  #create(): void {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, client TEXT, figures TEXT)');
  }

  #countRows(): Map<string, number> {
    this.#create();
    const counts = this.#sql.exec<Count>('SELECT client, COUNT(*) AS rows FROM requests GROUP BY client');
    return new Map(counts.toArray().map(({ client, rows }) => [client, rows]));
  }
}

function hasRoom(rows: ReadonlyMap<string, number>, client: string): boolean {
  const own = rows.get(client);
  if (own === undefined && rows.size >= MAX_CLIENTS) return false;
  const all = rows.values().reduce((sum, count) => sum + count, 0);
  return (own ?? 0) < MAX_ROWS_PER_CLIENT && all < MAX_ROWS;
}
