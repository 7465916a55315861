import type { RepresentationId, StreamName } from '../../protocol/names.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { elapsed } from '../elapsed.ts';

/** What a GET of a segment says of a representation that is made on demand. */
export interface SegmentDemand {
  readonly stream: StreamName;
  readonly representation: RepresentationId;
  /** How long it is until the segment begins: before, it can't be told whether somebody makes it. */
  readonly wait: Milliseconds;
}

/** A PUT that is open a fragment ahead may be on its way for so long. */
const GRACE_MS = 150;
/** At most once in this time. */
const AGAIN_MS = 1000;

/**
 * Tells that somebody wants what nobody makes, while GETs are held for it: one timer, however many they are. Where somebody makes it
 * they are held for a moment only, and nothing is told.
 *
 *     nobody ──first GET is held──▶ waiting ──the segment has begun──▶ told ──each second──▶ told
 *        ▲                             │ the last one is let go         │
 *        └─────────────────────────────┴────────────────────────────────┘
 */
export class Demand {
  readonly #tell: (demand: SegmentDemand) => void;
  #held = 0;
  #timer: number | null = null;
  #toldAt = milliseconds(-Infinity);

  constructor(tell: (demand: SegmentDemand) => void) {
    this.#tell = tell;
  }

  /** A GET is held, until this is disposed of. */
  hold(demand: SegmentDemand | undefined): Disposable {
    if (demand === undefined) return { [Symbol.dispose]: () => {} };
    this.#held += 1;
    this.#timer ??= setTimeout(() => this.#repeat(demand), demand.wait + GRACE_MS);
    return {
      [Symbol.dispose]: () => {
        this.#held -= 1;
        if (this.#held > 0) return;
        clearTimeout(this.#timer);
        this.#timer = null;
      },
    };
  }

  /** A GET has found nothing, or what broke off. */
  once(demand: SegmentDemand | undefined, now: Milliseconds): void {
    if (demand === undefined || elapsed(this.#toldAt, now) < AGAIN_MS) return;
    this.#toldAt = now;
    this.#tell(demand);
  }

  #repeat(demand: SegmentDemand): void {
    this.#tell(demand);
    this.#timer = setTimeout(() => this.#repeat(demand), AGAIN_MS);
  }
}
