import type { SegmentNumber } from '../../protocol/names.ts';

/** What is one player's own in a manifest. */
export interface Viewing {
  /** Goes into the URLs of init and media segments, so that players carry it along. */
  readonly token: string | undefined;
  /** The segment that the player is to begin with, where that matters: see `joining.ts`. */
  readonly joined: SegmentNumber | undefined;
}
