/** Measured over the latest few samples. */

/** Bitrate of what was loaded, by media time: how much a second of video weighs. */
export class MediaBitrate {
  #segments: { readonly bytes: number; readonly seconds: number }[] = [];

  add(bytes: number, seconds: number): void {
    if (bytes > 0 && seconds > 0) this.#segments = [...this.#segments.slice(1 - WINDOW), { bytes, seconds }];
  }

  get kbps(): number | null {
    const bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const seconds = this.#segments.reduce((sum, segment) => sum + segment.seconds, 0);
    return seconds === 0 ? null : (bytes * 8) / 1000 / seconds;
  }
}

const WINDOW = 5;

/** Frames that a video element decodes a second. */
export class FrameRate {
  #from: { readonly at: number; readonly frames: number } | undefined;
  #fps: number | null = null;

  sample(video: HTMLVideoElement, now: number): void {
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    const from = this.#from;
    if (from === undefined || frames < from.frames) {
      this.#from = { at: now, frames };
    } else if (now - from.at >= FRAME_RATE_WINDOW_MS) {
      this.#fps = ((frames - from.frames) * 1000) / (now - from.at);
      this.#from = { at: now, frames };
    }
  }

  get fps(): number | null {
    return this.#fps;
  }
}

const FRAME_RATE_WINDOW_MS = 2000;
