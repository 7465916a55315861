import type { RepresentationId } from './names.ts';
import { seconds } from './units.ts';

/**
 * Segments of this representation belong to no stream: `fast-ll check` sends some and reads them back, to learn what the
 * way to the edge and back does to them, and how the edge itself does. Whoever may publish may do it, the stream need not
 * exist, nothing of it is stored or listed, and a stream of this name is not disturbed.
 *
 * The last one that names can hold; an agent's own count from 0. It has the path of a segment because what lies between,
 * a proxy or a rule at Cloudflare, may treat paths differently.
 */
export const PROBE_REPRESENTATION = '999' as RepresentationId & '999';

/** How long a GET of a probe waits for its PUT. */
export const PROBE_HOLD = seconds(12);
/** How long a probe can be read, from its PUT on. */
export const PROBE_WINDOW = seconds(60);

/** In a GET's query: to be asked for the way that viewers share answers, where they do. */
export const PROBE_SHARED = 'shared';
/** In the answer to a GET: how viewers get what they share, `FAN_OUT` of the edge. */
export const FAN_OUT_HEADER = 'fastll-fan-out';
