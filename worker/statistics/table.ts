import { MAX_REQUESTS, type RequestFigures } from '../../protocol/statistics.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import { elapsed } from '../elapsed.ts';

/** Of a stream whose agent asks for statistics, the figures of each client's requests, in the Stream object's SQLite. */
const MAX_CLIENTS = 200;
const MAX_ROWS_PER_CLIENT = 10_000;
/** Read at once: while that is done, the object does nothing else. */
const PAGE_ROWS = 500;
/** A client that has asked within this time is there. */
const PRESENT_MS = 5000;

type Row = { id: number; client: string; figures: string };
type Count = { client: string; rows: number };

interface Request {
  readonly time: Milliseconds;
  readonly delta: number | undefined;
}

/** A part of the table, in the order in which requests came. */
export interface TablePage {
  /** Figures as JSON. */
  readonly rows: readonly { readonly client: string; readonly figures: string }[];
  /** Whether it begins with the first row that there is. */
  readonly first: boolean;
  readonly more: boolean;
  /** Names the last row of the page. */
  readonly mark: string;
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

  /** @param after the mark of the page before; one of a table that was cleared since, or of none, begins anew */
  page(after: string): TablePage {
    this.#create();
    const era = this.#era();
    const [, id] = new RegExp(`^${era}-(\\d{1,15})$`).exec(after) ?? [];
    const rows = this.#sql
      .exec<Row>(
        'SELECT id, client, figures FROM requests WHERE id > ? ORDER BY id LIMIT ?',
        Number(id ?? 0),
        PAGE_ROWS + 1,
      )
      .toArray();
    const page = rows.slice(0, PAGE_ROWS);
    return {
      rows: page.map(({ client, figures }) => ({ client, figures })),
      first: id === undefined,
      more: rows.length > PAGE_ROWS,
      mark: `${era}-${page.at(-1)?.id ?? id ?? 0}`,
    };
  }

  /** Names the table from its first row on until it is cleared. */
  #era(): number {
    const [first] = this.#sql.exec<Row>('SELECT id, client, figures FROM requests ORDER BY id LIMIT 1').toArray();
    return first === undefined ? 0 : (JSON.parse(first.figures) as RequestFigures).time;
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
  return (own ?? 0) < MAX_ROWS_PER_CLIENT && all < MAX_REQUESTS;
}
