import type { RepresentationId, SegmentNumber, StreamName } from '../../protocol/names.ts';
import type { Env } from '../env.ts';
import type { Segment } from './object.ts';

/** The object of one segment. */
export const segmentOf = (
  env: Env,
  stream: StreamName,
  representation: RepresentationId,
  number: SegmentNumber,
): DurableObjectStub<Segment> => env.SEGMENT.getByName(`${stream}/${representation}/${number}`);
