import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type * as z from 'zod';
import { BAD_INPUT, codeOf, messageOf, UserError } from '../errors.ts';
import { decodeText } from './decode-text.ts';
import { ignoredKeys } from './ignored-keys.ts';
import { shown } from './shown.ts';
import { configSchema, streamsSchema, type ConfigFile, type StreamConfig } from './schema.ts';

export interface Config extends Omit<ConfigFile, 'streams'> {
  readonly streams: readonly StreamConfig[];
  /** Where there are keys that mean nothing, as `file: key`. */
  readonly ignored: readonly string[];
}

/** Reads a configuration and the streams it names; file names in it are relative to it. @throws UserError */
export async function loadConfig(file: string): Promise<Config> {
  const raw = await readJson(file);
  const config = parse(configSchema, raw, file);
  const beside = (name: string): string => resolve(dirname(file), name);
  const streamsFile = beside(config.streams);
  const rawStreams = await readJson(streamsFile);
  const streams = parse(streamsSchema, rawStreams, streamsFile);
  return {
    ...config,
    streams,
    ignored: [
      ...ignoredKeys(raw, config).map((key) => `${file}: ${key}`),
      ...ignoredKeys(rawStreams, streams).map((key) => `${streamsFile}: ${key}`),
    ],
    ...(config.sslKeyFile === undefined ? {} : { sslKeyFile: beside(config.sslKeyFile) }),
    ...(config.sslCertFile === undefined ? {} : { sslCertFile: beside(config.sslCertFile) }),
  };
}

/** A text file. @throws UserError also where it is in no encoding that can be told */
async function readText(file: string): Promise<string> {
  const text = decodeText(await readBytes(file));
  if (typeof text !== 'string') throw new UserError(`${file}: ${text.problem}`, BAD_INPUT);
  return text;
}

/** A file that the configuration names. @throws UserError */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const why = { ENOENT: 'there is no such file', EACCES: 'not allowed to read it', EISDIR: 'it is a folder' };
    const code = codeOf(error) ?? '';
    throw new UserError(`${file}: ${code in why ? why[code as keyof typeof why] : messageOf(error)}`, BAD_INPUT);
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  if (text.trim() === '') throw new UserError(`${file}: expected JSON, got an empty file`, BAD_INPUT);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file}: expected JSON: ${whereOf(text, messageOf(error))}`, BAD_INPUT);
  }
}

/** Names file, key, what was expected and what came, a line each. @throws UserError */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${file}: ${keyOf(issue.path)}${describe(issue, value)}`);
  throw new UserError([...new Set(lines)].join('\n'), BAD_INPUT);
}

/** `[0].qualities.video` */
function keyOf(path: readonly PropertyKey[]): string {
  const key = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return key === '' ? '' : `${key.replace(/^\./, '')}: `;
}

function describe(issue: z.core.$ZodIssue, root: unknown): string {
  const value = issue.path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    root,
  );
  if (value === undefined && issue.path.length > 0 && issue.message !== 'is missing') {
    return issue.code === 'custom' ? issue.message : 'is missing';
  }
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}, got ${shown(value)}`;
    case 'invalid_value':
      return `expected ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}, got ${shown(value)}`;
    case 'invalid_union':
      return issue.discriminator === 'type' ? `expected "GEN" or "RTSP", got ${shown(value)}` : issue.message;
    case 'too_small':
      return `expected at least ${issue.minimum} ${lengthOf(value)}`;
    case 'too_big':
      return `expected at most ${issue.maximum} ${lengthOf(value)}`;
    default:
      return issue.message;
  }
}

const lengthOf = (value: unknown): string =>
  Array.isArray(value) ? `of them, got ${value.length}` : `characters, got ${String(value).length}`;

/** V8 gives the place as «position 123»; people want the line. Or it shows what stands around it: that may be a secret. */
function whereOf(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message.replace(/, [."].*is not valid JSON$/s, '');
  const before = text.slice(0, Number(position)).split('\n');
  return `${message.replace(/ in JSON at position.*| at position.*|, \.\.\..*/s, '')} (line ${before.length}, column ${(before.at(-1) ?? '').length + 1})`;
}
