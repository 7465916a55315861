import { mkdir, writeFile } from 'node:fs/promises';
import { schemaFiles } from './json-schema.ts';

/** `npm run schema`. */
const folder = new URL('../../schema/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, content] of Object.entries(schemaFiles())) await writeFile(new URL(name, folder), content);
