import { MASK } from './mask.ts';
import { maskParameters, secretParameters } from './parameters.ts';

/** What stands behind a URL's host, from the path on: for people, and what of it must appear in no output. */
export interface BehindHost {
  readonly safe: string;
  readonly secrets: readonly string[];
}

export function behindHost(text: string): BehindHost {
  // It may be a part of the password after all.
  const doubtful = text.includes('@');
  const secrets = [...secretParameters(text), ...(doubtful ? [text.slice(1)] : [])];
  return {
    safe: doubtful ? `/${MASK}` : maskParameters(text),
    secrets: secrets.flatMap((secret) => [secret, unescaped(secret)]),
  };
}

/** Valid escapes are decoded, a `%` that begins none stands for itself. */
export const unescaped = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
