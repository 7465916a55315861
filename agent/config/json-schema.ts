import * as z from 'zod';
import { configSchema, streamsSchema } from './schema.ts';

/**
 * JSON schemas of the configuration: with them editors know the keys, show what they mean, and underline mistakes. Made of
 * the schemas that the agent itself parses with, so that they can't say anything else; `npm run schema` writes them.
 *
 * `config.json` names its own: `"$schema": "./schema/config.schema.json"`. `streams.json` is an array and can't; an
 * editor's settings do it for it, in VS Code
 * `"json.schemas": [{ "fileMatch": ["streams.json"], "url": "./schema/streams.schema.json" }]`.
 */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

export const configJsonSchema = (): JsonSchema => jsonSchema(configSchema);
export const streamsJsonSchema = (): JsonSchema => jsonSchema(streamsSchema);

/** The files of `schema/`, by name. */
export const schemaFiles = (): Readonly<Record<string, string>> => ({
  'config.schema.json': text(configJsonSchema()),
  'streams.schema.json': text(streamsJsonSchema()),
});

/** Of what people write, not of what parsing makes of it; draft 7, because that is what all editors know. */
const jsonSchema = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });

const text = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`;
