import { DurableObject } from 'cloudflare:workers';
import type { StreamName } from '../protocol/names.ts';
import type { Env } from './env.ts';

/** A list asks the object of every stream, and the platform lets a request ask a thousand. */
export const MAX_STREAMS = 1000;

/**
 * The names of all streams: what the wall shows, and what tells a stream's name from one that somebody made up. One
 * object for the whole edge.
 */
export class Directory extends DurableObject<Env> {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec('CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY) WITHOUT ROWID');
  }

  /** @returns whether it is there now: not a new one where there are as many as there may be */
  add(stream: StreamName): boolean {
    const { sql } = this.ctx.storage;
    sql.exec(
      'INSERT OR IGNORE INTO streams (name) SELECT ? WHERE (SELECT COUNT(*) FROM streams) < ?',
      stream,
      MAX_STREAMS,
    );
    return sql.exec('SELECT 1 FROM streams WHERE name = ?', stream).toArray().length > 0;
  }

  remove(stream: StreamName): void {
    this.ctx.storage.sql.exec('DELETE FROM streams WHERE name = ?', stream);
  }

  /** In alphabetical order. */
  list(): StreamName[] {
    return this.ctx.storage.sql
      .exec<{ name: StreamName }>('SELECT name FROM streams ORDER BY name')
      .toArray()
      .map((row) => row.name);
  }
}

/** The one Directory. */
export const directoryOf = (env: Env): DurableObjectStub<Directory> => env.DIRECTORY.getByName('all');
