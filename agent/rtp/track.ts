import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink } from '../media/source.ts';
import type { Milliseconds } from '../../protocol/units.ts';
import type { MediaFormat } from './format.ts';
import type { RtpPacket } from './packet.ts';
import type { SenderClock } from './sender-clock.ts';
import type { SenderReport } from './sender-report.ts';

/** Makes frames of one track's packets, which come in their order. */
export interface Track {
  /** @param gap whether packets before this one were lost @param now of the clock's monotonic time */
  readonly packet: (packet: RtpPacket, gap: boolean, now: Milliseconds) => void;
  readonly report: (report: SenderReport) => void;
}

export interface TrackOptions<Config> {
  readonly format: MediaFormat;
  readonly clock: Clock;
  /** Called while a packet is taken in. */
  readonly sink: FrameSink<Config>;
  /** What it sends can't be used this way, and won't: told once, whatever comes after. */
  readonly failed: (failure: Failure) => void;
  readonly log: Logger;
  /** The clock of the camera, one for all its tracks: it puts sound where it belongs beside the picture. */
  readonly sender?: SenderClock;
}

export interface TrackCounts {
  frames: number;
  leftOut: number;
}
