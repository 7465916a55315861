import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';

/** Which segment of all: how an object finds those before it. */
export interface Place {
  readonly stream: StreamName;
  readonly representation: RepresentationId;
  readonly number: SegmentNumber;
}
