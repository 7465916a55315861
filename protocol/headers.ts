/**
 * Which run of which encoder writes a segment, as any token of up to 64 characters. A PUT of the same writer for a
 * segment it has begun is the same bytes again: the edge continues where the first one broke off.
 */
export const WRITER_HEADER = 'fastll-writer';

/**
 * In the PUT of a segment whose keyframes lie where the camera put them: the number of the segment that has the last
 * keyframe there was when the PUT opened. Whoever joins is given all frames since the last one.
 */
export const KEYFRAME_HEADER = 'fastll-keyframe';

/** In the answer of `/isotime`: the edge's time as ISO 8601 to the millisecond, UTC without any displacement. */
export const TIME_HEADER = 'fastll-time';

/**
 * In the PUT of a segment: the bytes that it ends with when it is whole, in hex. One that ends otherwise was cut, by whom
 * and however cleanly.
 */
export const END_HEADER = 'fastll-end';

/** In the answer to a segment's PUT: how many GETs the segment has had. */
export const VIEWERS_HEADER = 'fastll-viewers';
