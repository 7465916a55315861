import type { CameraState } from '../../protocol/control.ts';
import { representationsOf, type Representation, type StreamDescription } from '../../protocol/description.ts';
import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';
import { seconds, type Seconds } from '../../protocol/units.ts';

/** How a stream is: what its agents say, or that none is connected. */
export type StreamState = CameraState | 'offline';

/**
 * What is known of a stream: `announced` by an agent (epoch-locked, manifest made here), or `pushed` by any encoder
 * (numbered by it, its manifest served as it is).
 */
export type StreamSnapshot =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'announced';
      readonly description: StreamDescription;
      readonly state: StreamState;
      readonly detail: string | undefined;
      /** The representation that everyone is given, while somebody has said so. */
      readonly forced: RepresentationId | undefined;
    }
  | {
      readonly kind: 'pushed';
      /** By representation, the number of the segment whose PUT opened last. */
      readonly newest: Readonly<Record<RepresentationId, SegmentNumber>>;
      readonly segmentDuration: Seconds;
    };

/** What a request for the manifest gets. */
export type ManifestSource =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'description'; readonly description: StreamDescription }
  | { readonly kind: 'document'; readonly manifest: string }
  | { readonly kind: 'not ready'; readonly detail: string };

/** One stream as `/api/streams` shows it. */
export interface StreamEntry {
  readonly stream: StreamName;
  readonly title: string;
  readonly state: StreamState | 'pushed';
  readonly detail?: string;
  readonly targetLatency?: Seconds;
  readonly representations: readonly Representation[];
}

export const isPublic = (snapshot: StreamSnapshot): boolean =>
  snapshot.kind === 'announced' && snapshot.description.public;

export function entryOf(stream: StreamName, snapshot: StreamSnapshot): StreamEntry | undefined {
  switch (snapshot.kind) {
    case 'unknown':
      return undefined;
    case 'pushed':
      return { stream, title: stream, state: 'pushed', representations: [] };
    case 'announced': {
      const { description, state, detail } = snapshot;
      return {
        stream,
        title: description.title,
        state,
        ...(detail === undefined ? {} : { detail }),
        targetLatency: description.targetLatency,
        representations: representationsOf(description),
      };
    }
  }
}

/** Where an encoder's manifest says nothing of its segments' duration. */
export const DEFAULT_SEGMENT_DURATION = seconds(4);

/** `maxSegmentDuration` of a manifest made by others (ISO/IEC 23009-1, 5.3.1.2), hours to seconds. */
export function maxSegmentDuration(manifest: string): Seconds {
  const [, hours, minutes, secs] =
    /\bmaxSegmentDuration="PT(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?"/.exec(manifest) ?? [];
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(secs ?? 0);
  return total > 0 ? seconds(Math.min(total, 60)) : DEFAULT_SEGMENT_DURATION;
}
