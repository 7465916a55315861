/** What a viewer wants to hear, and remembers of it. */
interface Wanted {
  /** Undefined until somebody has said so. */
  readonly muted: boolean | undefined;
  /** 0 to 1. */
  readonly volume: number;
}

const KEY = 'fastll.sound';
const NOTHING_SAID: Wanted = { muted: undefined, volume: 1 };
const STEP = 0.1;

/**
 * How loud a video is: as it was left, on any page of this edge. Until somebody has asked for sound it is muted, and so it is
 * where the browser lets no page sound before a click; then `isOffered` says that there would be some.
 */
export class Loudness {
  readonly #video: HTMLVideoElement;
  #wanted: Wanted;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    this.#wanted = recall();
    video.volume = this.#wanted.volume;
    video.muted = this.#wanted.muted !== false;
  }

  /** Whether nothing is to be heard. */
  get muted(): boolean {
    return this.#video.muted || this.#video.volume === 0;
  }

  /** 0 to 1; 0 while muted. */
  get volume(): number {
    return this.#video.muted ? 0 : this.#video.volume;
  }

  /** Whether it is muted though nobody has asked for that. */
  get isOffered(): boolean {
    return this.muted && this.#wanted.muted !== true;
  }

  toggle(): void {
    this.#want({ muted: !this.muted, volume: this.#wanted.volume });
  }

  /** @param volume 0 to 1 */
  set(volume: number): void {
    const muted = volume <= 0;
    this.#want({ muted, volume: muted ? this.#wanted.volume : Math.min(1, volume) });
  }

  louder(): void {
    this.set(rounded(this.volume + STEP));
  }

  softer(): void {
    this.set(rounded(this.volume - STEP));
  }

  #want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#video.volume = wanted.volume;
    this.#video.muted = wanted.muted !== false;
    remember(wanted);
  }
}

/** iPhones leave it to their keys, and to set it does nothing. */
export function volumeCanBeSet(): boolean {
  const video = document.createElement('video');
  video.volume = 0.5;
  return video.volume === 0.5;
}

/** 0.1 + 0.2 is no 0.3. */
const rounded = (volume: number): number => Math.round(volume * 100) / 100;

/** What browsers keep may be gone, forbidden, or somebody else's. */
function recall(): Wanted {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return NOTHING_SAID;
    const { muted, volume } = kept as Partial<Record<keyof Wanted, unknown>>;
    return {
      muted: typeof muted === 'boolean' ? muted : undefined,
      volume: typeof volume === 'number' && volume > 0 && volume <= 1 ? volume : 1,
    };
  } catch {
    return NOTHING_SAID;
  }
}

function remember(wanted: Wanted): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(wanted));
  } catch {
    // It is as loud as was wanted all the same, this time.
  }
}
