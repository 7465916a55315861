import type { StreamName } from '../../protocol/names.ts';
import { mediaFile, mediaPath, parseMediaObject, parseStreamAddress, type MediaObject } from '../../protocol/paths.ts';
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

/** A media object, perhaps as one gets it who joins with it, or how the stream is (`StreamSnapshot`). */
export type Asked = MediaObject | JoinedSegment | { readonly kind: 'snapshot' };

/** A segment with a preroll, where it needs one. */
export type JoinedSegment = Omit<MediaObject & { kind: 'segment' }, 'kind'> & { readonly kind: 'joined segment' };

/** Not part of the key: for all who ask for one thing they come to the same. */
export interface Terms {
  /**
   * When a GET that is held is let go. A point in time and no duration: whoever queued behind one that found nothing
   * asks again, later.
   */
  readonly until: Milliseconds;
  /** How long the answer serves others, at most. */
  readonly keep: Seconds;
  /** Of a segment: whether the object of the next one is there, to be touched. */
  readonly nextIsMade?: boolean;
  /** Of a segment that is made on demand: when it begins. */
  readonly demandFrom?: Milliseconds | undefined;
}

/** What can change at any time is kept no longer. */
export const BRIEFLY = seconds(1);

const SNAPSHOT_FILE = 'snapshot';
const JOINED_PREFIX = 'joined-';
const UNTIL_HEADER = 'x-shield-until-ms';
const KEEP_HEADER = 'x-shield-keep-s';
const NEXT_HEADER = 'x-shield-next-is-made';
const DEMAND_HEADER = 'x-shield-demand-from-ms';

export const shieldRequest = ({ stream, object, terms }: Question): Request =>
  new Request(new URL(pathOf(stream, object), 'https://shield/'), {
    headers: {
      [UNTIL_HEADER]: String(terms.until),
      [KEEP_HEADER]: String(terms.keep),
      ...(terms.nextIsMade === true ? { [NEXT_HEADER]: 'true' } : {}),
      ...(terms.demandFrom === undefined ? {} : { [DEMAND_HEADER]: String(terms.demandFrom) }),
    },
  });

/** The inverse of {@link shieldRequest}; undefined for anything else. */
export function questionOf({ url, headers }: Request): Question | undefined {
  const [, first = '', second = ''] = new URL(url).pathname.split('/');
  const address = parseStreamAddress(first);
  const object = askedOf(second);
  if (address === undefined || object === undefined) return undefined;
  const demandFrom = headers.get(DEMAND_HEADER);
  const terms = {
    until: milliseconds(Number(headers.get(UNTIL_HEADER) ?? 0)),
    keep: seconds(Number(headers.get(KEEP_HEADER) ?? 0)),
    nextIsMade: headers.get(NEXT_HEADER) === 'true',
    demandFrom: demandFrom === null ? undefined : milliseconds(Number(demandFrom)),
  };
  return { stream: address.stream, object, terms };
}

function askedOf(file: string): Asked | undefined {
  if (file === SNAPSHOT_FILE) return { kind: 'snapshot' };
  if (!file.startsWith(JOINED_PREFIX)) return parseMediaObject(file);
  const object = parseMediaObject(file.slice(JOINED_PREFIX.length));
  return object?.kind === 'segment' ? { ...object, kind: 'joined segment' } : undefined;
}

function pathOf(stream: StreamName, object: Asked): string {
  switch (object.kind) {
    case 'snapshot':
      return `/${stream}/${SNAPSHOT_FILE}`;
    case 'joined segment':
      return `/${stream}/${JOINED_PREFIX}${mediaFile({ ...object, kind: 'segment' })}`;
    default:
      return mediaPath(stream, object);
  }
}
