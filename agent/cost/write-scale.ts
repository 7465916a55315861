import { readFile, writeFile } from 'node:fs/promises';
import { withTables } from './scale.ts';

/** `npm run scale`. */
const file = new URL('../../docs/scale.md', import.meta.url);
await writeFile(file, withTables(await readFile(file, 'utf8')));
