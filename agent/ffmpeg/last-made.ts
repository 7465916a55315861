import type { VideoConfig } from '../media/track.ts';

/**
 * What FFmpeg has made last of a camera's stream. Of the same stream it makes the same again, so that players can be told of
 * it while no FFmpeg runs.
 */
export class LastMade {
  #last: { readonly source: Uint8Array; readonly made: VideoConfig } | undefined;

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** @param source the camera's */
  of(source: VideoConfig): VideoConfig | undefined {
    if (this.#last === undefined || Buffer.compare(this.#last.source, source.record) !== 0) return undefined;
    return this.#last.made;
  }

  keep(source: VideoConfig, made: VideoConfig): void {
    this.#last = { source: source.record, made };
  }
}
