import type { StreamName } from '../../protocol/names.ts';
import { mediaPath, parseMediaObject, parseStreamAddress, type MediaObject } from '../../protocol/paths.ts';
import { milliseconds, seconds, type Milliseconds, type Seconds } from '../../protocol/units.ts';

/**
 * What the Worker asks its cached entrypoint: nothing but what the answer depends on, so that all viewers of one thing
 * ask the same. The platform's key is the path; it knows no token, no client's name and no query, because there is none.
 */
export interface Question {
  readonly stream: StreamName;
  readonly object: Asked;
  readonly terms: Terms;
}

/** A media object, or how the stream is (`StreamSnapshot`). */
export type Asked = MediaObject | { readonly kind: 'snapshot' };

/** Not part of the key: for all who ask for one thing they come to the same. */
export interface Terms {
  /**
   * When a GET that is held is let go. A point in time and no duration: whoever queued behind one that found nothing
   * asks again, later.
   */
  readonly until: Milliseconds;
  /** How long the answer serves others, at most. */
  readonly keep: Seconds;
}

/** What can change at any time is kept no longer. */
export const BRIEFLY = seconds(1);

const SNAPSHOT_FILE = 'snapshot';
const UNTIL_HEADER = 'x-shield-until-ms';
const KEEP_HEADER = 'x-shield-keep-s';

export const shieldRequest = ({ stream, object, terms }: Question): Request =>
  new Request(new URL(pathOf(stream, object), 'https://shield/'), {
    headers: { [UNTIL_HEADER]: String(terms.until), [KEEP_HEADER]: String(terms.keep) },
  });

/** The inverse of {@link shieldRequest}; undefined for anything else. */
export function questionOf({ url, headers }: Request): Question | undefined {
  const [, first = '', second = ''] = new URL(url).pathname.split('/');
  const address = parseStreamAddress(first);
  const object: Asked | undefined = second === SNAPSHOT_FILE ? { kind: 'snapshot' } : parseMediaObject(second);
  if (address === undefined || object === undefined) return undefined;
  const terms = {
    until: milliseconds(Number(headers.get(UNTIL_HEADER) ?? 0)),
    keep: seconds(Number(headers.get(KEEP_HEADER) ?? 0)),
  };
  return { stream: address.stream, object, terms };
}

const pathOf = (stream: StreamName, object: Asked): string =>
  object.kind === 'snapshot' ? `/${stream}/${SNAPSHOT_FILE}` : mediaPath(stream, object);
