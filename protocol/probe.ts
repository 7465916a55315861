import type { RepresentationId } from './names.ts';

/**
 * Segments of this representation belong to no stream: `fast-ll check` sends one and reads it back at the same time, to
 * learn whether bodies stream on the way to the edge and back. Whoever may publish may do it, the stream need not exist,
 * nothing of it is stored or listed, and a stream of this name is not disturbed.
 *
 * The last one that names can hold; an agent's own count from 0. It has the path of a segment because what lies between,
 * a proxy or a rule at Cloudflare, may treat paths differently.
 */
export const PROBE_REPRESENTATION = '999' as RepresentationId & '999';
