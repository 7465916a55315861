import { MIN_SECRET_LENGTH } from '../../protocol/token.ts';

/**
 * A value for an error message. A text as long as a secret may be one that stands in the wrong place, so it is named by
 * its length.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string' && value.length >= MIN_SECRET_LENGTH) return `a text of ${value.length} characters`;
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${Array.isArray(value) ? 'an array' : typeof value} of ${text.length} characters` : text;
}
