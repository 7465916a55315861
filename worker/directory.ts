import { DurableObject } from 'cloudflare:workers';
import type { StreamName } from '../protocol/names.ts';
import type { Env } from './env.ts';

/** The names of all streams: what the wall shows. One object for the whole edge, asked only for lists. */
export class Directory extends DurableObject<Env> {
  constructor(context: DurableObjectState, env: Env) {
    super(context, env);
    context.storage.sql.exec('CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY) WITHOUT ROWID');
  }

  add(stream: StreamName): void {
    this.ctx.storage.sql.exec('INSERT OR IGNORE INTO streams (name) VALUES (?)', stream);
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
