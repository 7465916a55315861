import type { RequestFigures, StreamStatistics } from '../../protocol/statistics.ts';

/** Of a stream whose agent asks for statistics, the figures of each client's requests, in the Stream object's SQLite. */
const MAX_CLIENTS = 200;
const MAX_ROWS_PER_CLIENT = 10_000;
/** A client that has asked within this time is there. */
const PRESENT_MS = 5000;

type Row = { client: string; figures: string };

interface Client {
  readonly time: number;
  readonly delta: number | undefined;
  readonly rows: number;
}

export class StatisticsTable {
  readonly #sql: SqlStorage;
  /** The last request of each client since the object woke. */
  readonly #last = new Map<string, Client>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param told what the player said of itself */
  record(client: string, time: number, told: Partial<RequestFigures>): void {
    const last = this.#last.get(client);
    if (this.#last.size === 0) this.#create();
    if (last === undefined && this.#last.size >= MAX_CLIENTS) return;
    if (last !== undefined && last.rows >= MAX_ROWS_PER_CLIENT) return;
    const delta = last === undefined ? undefined : time - last.time;
    const jitter = delta === undefined || last?.delta === undefined ? undefined : delta - last.delta;
    this.#last.set(client, { time, delta, rows: (last?.rows ?? this.#rowsOf(client)) + 1 });
    const clients = this.#last
      .values()
      .filter((one) => time - one.time < PRESENT_MS)
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
    this.#sql.exec('DROP TABLE IF EXISTS requests');
  }

  /** Not before it is needed: a stream without statistics has no table. */
  #create(): void {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, client TEXT, figures TEXT)');
  }

  /** Kept over the object's sleep. */
  #rowsOf(client: string): number {
    return this.#sql.exec<{ rows: number }>('SELECT COUNT(*) AS rows FROM requests WHERE client = ?', client).one()
      .rows;
  }
}
