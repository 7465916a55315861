import { milliseconds, ticks, ticksOfMilliseconds, type Ticks } from '../../protocol/units.ts';

/** Tracks of one camera are not further apart by their arrival: what says so is nonsense. */
const MOST = ticksOfMilliseconds(milliseconds(1000));
/** A report may be off by as long as it took to send it: of each new one so much counts. */
const WEIGHT = 0.25;

/**
 * A camera's own clock, as its sender reports tell it. It may be wrong by years, but it is the same for all tracks: so it says
 * how the tracks lie to each other, which arrival alone does not, since pictures take longer to encode than sound.
 *
 * One track is the measure: it stays where its arrival puts it. The others are moved to where they belong beside it.
 */
export class SenderClock {
  /** From the camera's clock to ours, by the track that is the measure. */
  #offset: Ticks | undefined;

  /** @param ntp in milliseconds @param here when that was, by arrival */
  measure(ntp: number, here: Ticks): void {
    const offset = here - ticksOf(ntp);
    const before = this.#offset;
    const isNew = before === undefined || Math.abs(offset - before) > MOST;
    this.#offset = ticks(isNew ? offset : before + WEIGHT * (offset - before));
  }

  /**
   * @param here the same of another track
   * @param before by how much it has been moved so far
   * @returns by how much it is to be moved; undefined while nothing is known, or nothing credible is said
   */
  correction(ntp: number, here: Ticks, before: Ticks | undefined): Ticks | undefined {
    if (this.#offset === undefined) return undefined;
    const by = ticksOf(ntp) + this.#offset - here;
    if (Math.abs(by) > MOST) return undefined;
    return ticks(before === undefined ? by : before + WEIGHT * (by - before));
  }
}

const ticksOf = (ms: number): number => ms * 90;
