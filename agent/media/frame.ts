import type { Ticks } from '../../protocol/units.ts';

/**
 * One access unit on its way through the agent, wherever it comes from: a coded picture, as length-prefixed NAL units
 * (ISO/IEC 14496-15, 4.3.3: each after its length in 4 bytes).
 */
export interface Frame {
  /** When it is to be decoded, as capture time since 1970: grows from frame to frame. */
  readonly time: Ticks;
  /** How much later it is to be seen: 0 without B frames. */
  readonly compositionOffset: Ticks;
  /** An IDR or other picture that decoding can begin with. */
  readonly keyframe: boolean;
  /** Its bytes in order: slices of what they arrived in, never written to again. */
  readonly data: readonly Uint8Array[];
  /** Bytes in `data`. */
  readonly size: number;
}
