import { millisecondsOfSeconds, seconds, type Milliseconds } from '../../protocol/units.ts';
import type { StreamConfig } from '../config/schema.ts';

/** In seconds: the encoder tells of itself a little before its first picture, and a player's clock may err. */
const MARGIN = 0.3;

/**
 * How much media there has to be before players may begin. They do so at their latency behind reality; dash.js 5.2 skips
 * to the first picture there is if that is less than a segment away, and waits for ever if it is not.
 */
export const headStart = ({
  targetLatency,
  segmentDuration,
}: Pick<StreamConfig, 'targetLatency' | 'segmentDuration'>): Milliseconds =>
  millisecondsOfSeconds(seconds(Math.max(0, targetLatency + MARGIN - segmentDuration)));
