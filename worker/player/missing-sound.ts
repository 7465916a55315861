/**
 * Sound that doesn't come is not waited for: a browser plays what it has of all tracks, so a picture without its sound stands
 * still. It then goes on without, and sound is looked for beside it, less and less often where it comes and goes.
 *
 *     heard ──pictures come, stand still, and no sound comes──▶ left out ──a segment of it has some──▶ heard
 *
 * Pure but for the look. Times in milliseconds of one monotonic clock.
 */
export class MissingSound {
  /** Of this attempt: when the first picture came. */
  #pictureAt: number | undefined;
  #hasSounded = false;
  /** Since when there is picture to go on with, and no sound. */
  #drySince: number | undefined;
  #url: string | undefined;
  #number: number | undefined;
  #leftOut = false;
  #lookAt = Infinity;
  #pauseMs = FIRST_PAUSE_MS;

  /** Whether to play without. */
  get isLeftOut(): boolean {
    return this.#leftOut;
  }

  /** A new attempt to play begins. */
  begins(): void {
    this.#pictureAt = undefined;
    this.#hasSounded = false;
    this.#drySince = undefined;
  }

  /** A fragment of this has come. */
  came(kind: 'video' | 'audio', now: number): void {
    if (kind === 'audio') this.#hasSounded = true;
    else this.#pictureAt ??= now;
  }

  /** Something is asked for. @param number of a segment; both tracks have the same */
  asked(kind: 'video' | 'audio', url: string, number: number | undefined): void {
    if (kind === 'audio') this.#url = url;
    else if (number !== undefined) this.#number = number;
  }

  /**
   * Returns whether the picture waits for sound alone: then it is left out from now on.
   *
   * @param isWell the picture moves, or need not @param ahead seconds of each in the buffer
   */
  leaveOut(isWell: boolean, ahead: { readonly video: number; readonly audio: number }, now: number): boolean {
    const isDry = !isWell && ahead.video - ahead.audio > DRY_S;
    this.#drySince = isDry ? (this.#drySince ?? now) : undefined;
    const hasNone = !isWell && !this.#hasSounded && now - (this.#pictureAt ?? now) > MISSING_MS;
    if (this.#leftOut || !(hasNone || now - (this.#drySince ?? now) > MISSING_MS)) return false;
    this.#leftOut = true;
    this.#lookAt = now + this.#pauseMs;
    return true;
  }

  /** Returns whether it is there again: then it is left out no more. */
  async look(now: number): Promise<boolean> {
    if (!this.#leftOut || now < this.#lookAt || this.#url === undefined || this.#number === undefined) return false;
    this.#lookAt = Infinity;
    // The newest that is complete.
    const there = await hasMedia(this.#url.replace(NAME, `chunk-stream$1-${this.#number - 1}.m4s`));
    this.#lookAt = now + (there ? Infinity : LOOK_MS);
    if (!there) return false;
    this.#leftOut = false;
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    return true;
  }
}

/** The edge's names of what a track consists of. */
const NAME = /(?:init|chunk)-stream(\d{1,3})(?:-\d+)?\.m4s/;
/** What comes with the picture is not so much later. */
const MISSING_MS = 1000;
/** So much of the picture lies there without its sound. */
const DRY_S = 0.3;
const FIRST_PAUSE_MS = 3000;
const LONGEST_PAUSE_MS = 60_000;
const LOOK_MS = 3000;
const TIMEOUT_MS = 3000;
/** `styp` and what ends a segment are less, a fragment is more. */
const NO_MEDIA_BYTES = 192;

async function hasMedia(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok && (await response.arrayBuffer()).byteLength > NO_MEDIA_BYTES;
  } catch {
    return false;
  }
}
