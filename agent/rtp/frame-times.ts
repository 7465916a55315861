import type { Clock } from '../clock.ts';
import { ticks, type Milliseconds, type Ticks } from '../../protocol/units.ts';
import { CaptureClock } from './capture-clock.ts';
import { DecodeOrder } from './decode-order.ts';
import type { SenderClock } from './sender-clock.ts';
import type { SenderReport } from './sender-report.ts';

export interface FrameTime {
  /** When it is to be decoded: later than the frame before by a millisecond at least, unless there is a `jump`. */
  readonly time: Ticks;
  readonly compositionOffset: Ticks;
  /** By how much the wall clock was set since the frame before; 0 nearly always. */
  readonly jump: Ticks;
}

/** Frames that are squeezed together are a millisecond apart: players count in less, but not all of them. */
const LEAST = 90;

/** When the frames of one track were captured, and when they are to be decoded, by their RTP timestamps and their arrival. */
export class FrameTimes {
  readonly #captured: CaptureClock;
  readonly #order = new DecodeOrder();
  #last = -Infinity;

  /** @param clockRate of the timestamps, in Hz */
  constructor(clock: Clock, clockRate: number) {
    this.#captured = new CaptureClock(clock, clockRate);
  }

  /** @param reordered how many frames may be sent before one that is seen earlier; undefined: unknown */
  configure(reordered: number | undefined): void {
    this.#order.configure(reordered);
  }

  /** @param arrival when the frame was complete, by the clock's monotonic time */
  next(timestamp: number, arrival: Milliseconds): FrameTime {
    const seen = this.#captured.advance(timestamp, arrival, this.#order.back);
    const decoded = this.#order.next(seen);
    const jump = this.#captured.update();
    this.#last += jump;
    const time = Math.max(Math.round(this.#captured.at(decoded)), this.#last + LEAST);
    this.#last = time;
    const compositionOffset = Math.max(0, Math.round(this.#captured.at(seen)) - time);
    return { time: ticks(time), compositionOffset: ticks(compositionOffset), jump };
  }

  /** @param role whether this track is the measure for others */
  report(report: SenderReport, sender: SenderClock, role: 'measure' | 'other'): void {
    this.#captured.report(report, sender, role);
  }

  /** The frame before was not all of it: the same again. */
  again(): FrameTime {
    this.#last += LEAST;
    return { time: ticks(this.#last), compositionOffset: ticks(0), jump: ticks(0) };
  }
}
