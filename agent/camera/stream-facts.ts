import type { Frame } from '../media/frame.ts';
import type { VideoConfig } from '../media/track.ts';
import { secondsOfTicks, ticks, type Ticks } from '../../protocol/units.ts';

/** What a manifest says of a stream that nobody here has set. */
export interface Facts {
  /** Bits a second. */
  readonly bandwidth: number;
  /** Frames a second. */
  readonly frameRate: number;
}

/** How long is measured, in seconds. */
const SPAN = 5;
/** What is told is told anew when it is off by such a factor: with another manifest players begin anew. */
const OFF = { bandwidth: 2.5, frameRate: 1.25 };
/** Bits for a pixel, before anything was measured. */
const BITS_A_PIXEL = 0.08;
const RATES = { least: 0.1, most: 120 };

/**
 * Measures a camera's own stream. It is known after two frames, roughly: how far they are apart, and what a picture of this
 * size mostly takes. After some seconds it is known well.
 */
export class StreamFacts {
  readonly #config: VideoConfig;
  #told: Facts | undefined;
  #first: Ticks | undefined;
  #frames = 0;
  #bytes = 0;

  constructor(config: VideoConfig) {
    this.#config = config;
  }

  /** @returns what is to be told, when that has changed */
  push({ time, size }: Frame): Facts | undefined {
    this.#first ??= time;
    const span = secondsOfTicks(ticks(time - this.#first));
    const facts = this.#frames === 0 ? undefined : this.#factsAfter(span);
    if (span >= SPAN) {
      this.#first = time;
      this.#frames = 0;
      this.#bytes = 0;
    }
    this.#frames += 1;
    this.#bytes += size;
    if (facts !== undefined) this.#told = facts;
    return facts;
  }

  #factsAfter(span: number): Facts | undefined {
    if (span <= 0) return undefined;
    const frameRate = rounded(this.#frames / span);
    if (this.#told === undefined) return { frameRate, bandwidth: this.#guess(frameRate) };
    if (span < SPAN) return undefined;
    const measured = { frameRate, bandwidth: Math.max(1, Math.round((this.#bytes * 8) / span)) };
    const told = this.#told;
    const isOff = (key: keyof Facts): boolean =>
      Math.max(measured[key] / told[key], told[key] / measured[key]) > OFF[key];
    return isOff('bandwidth') || isOff('frameRate') ? measured : undefined;
  }

  #guess(frameRate: number): number {
    return Math.round(this.#config.width * this.#config.height * frameRate * BITS_A_PIXEL);
  }
}

/** What cameras mean is mostly a whole number. */
function rounded(rate: number): number {
  const bounded = Math.min(RATES.most, Math.max(RATES.least, rate));
  const whole = Math.round(bounded);
  return whole > 0 && Math.abs(bounded / whole - 1) < 0.03 ? whole : Math.round(bounded * 100) / 100;
}
