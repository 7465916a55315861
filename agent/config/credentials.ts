import * as z from 'zod';
import { MAX_TOKEN_LENGTH, MIN_SECRET_LENGTH } from '../../protocol/token.ts';
import { BAD_INPUT, UserError } from '../errors.ts';
import { secretsOfInputOptions } from '../ffmpeg/input-options.ts';
import type { Config } from './load.ts';
import type { StreamConfig } from './schema.ts';

/** Where a secret or a token comes from if not from the configuration or the command line. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What signs tokens. A line break or the like got into it by mistake, and would be missing elsewhere. */
export const secretSchema = z
  .string()
  .min(MIN_SECRET_LENGTH, {
    error: ({ input }) => `expected at least ${MIN_SECRET_LENGTH} characters, got ${lengthOf(input)}`,
  })
  .refine((text) => !/\p{Cc}/u.test(text), {
    error: ({ input }) => `expected no line breaks or other control characters, got ${strange(input, /\p{Cc}/u)}`,
  });

/** What may stand behind `Bearer` in a header (RFC 6750, 2.1); white space around a pasted one is no part of it. */
export const publishTokenSchema = z
  .string()
  .trim()
  .regex(/^[\w.~+/-]+=*$/, {
    error: ({ input }) =>
      `expected a token as "fast-ll token" prints it, got ${input === '' ? 'nothing' : strange(input, /[^\w.~+/-]/u)}`,
  })
  .max(MAX_TOKEN_LENGTH, {
    error: ({ input }) => `expected at most ${MAX_TOKEN_LENGTH} characters, got ${lengthOf(input)}`,
  });

function secretsOfStream(stream: StreamConfig): readonly string[] {
  switch (stream.type) {
    case 'GEN':
      return [];
    case 'RTSP':
      return stream.input.secrets;
    case 'FFMPEG':
      return [...stream.input.secrets, ...secretsOfInputOptions(stream.inputOptions)];
  }
}

/** What nobody may read of a run with this configuration. @throws UserError */
export const secretsOf = (
  { secret, token, edge, streams }: Config,
  environment: Environment,
): (string | undefined)[] => [
  ...[secret, token, edge === undefined ? secretOf(secret, environment) : publishTokenOf(token, environment)],
  ...streams.flatMap(secretsOfStream),
];

/** @param given with the run, and looked at already @throws UserError */
export const secretOf = (given: string | undefined, environment: Environment): string | undefined =>
  given ?? fromEnvironment('FASTLL_SECRET', secretSchema, environment);

/** @param given in the configuration, and looked at already @throws UserError */
export const publishTokenOf = (given: string | undefined, environment: Environment): string | undefined =>
  given ?? fromEnvironment('FASTLL_TOKEN', publishTokenSchema, environment);

/** @param name for the message, which does not tell the value @throws UserError */
export function parseCredential(name: string, schema: z.ZodType<string>, value: string): string {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UserError(`${name}: ${result.error.issues[0]?.message}`, BAD_INPUT);
}

function fromEnvironment(name: string, schema: z.ZodType<string>, environment: Environment): string | undefined {
  const value = environment[name];
  return value === undefined ? undefined : parseCredential(name, schema, value);
}

const NAMES: Readonly<Record<string, string>> = {
  '\n': 'a line break',
  '\r': 'a line break',
  '\t': 'a tab',
  ' ': 'a space',
};

const lengthOf = (input: unknown): number => (typeof input === 'string' ? input.length : 0);

/** The first character that does not belong there, by its name and place: what stands around it is secret. */
function strange(input: unknown, pattern: RegExp): string {
  const text = String(input);
  const at = text.search(pattern);
  const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `${NAMES[text.charAt(at)] ?? `U+${code}`} as character ${at + 1} of ${text.length}`;
}
