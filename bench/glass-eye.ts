/// <reference lib="dom" />

/** Where in a picture its clock for machines is: shares of its height, well inside the strip. */
export interface Strip {
  readonly top: number;
  readonly bottom: number;
}

/** What was seen of a video so far. Times are milliseconds since 1970, by the clock of this machine. */
export interface Sight {
  /** When the page was asked for. */
  readonly openedAt: number;
  readonly pictures: readonly Picture[];
  /** Standstills of media time that are over. */
  readonly stalls: readonly { readonly at: number; readonly ms: number }[];
  /** When the browser said that it had run out of media. */
  readonly waits: readonly number[];
  readonly errors: readonly string[];
  /** Frames that were decoded too late to be shown. */
  readonly dropped: number;
}

export interface Picture {
  /** When the browser expected the screen to show it. */
  readonly at: number;
  /** What its clock shows; null where that cannot be read. */
  readonly captured: number | null;
  /** Media time, in seconds. */
  readonly time: number;
}

declare global {
  interface Window {
    glass: Sight;
  }
}

/**
 * Runs inside a page, before anything of it, and looks at its video: at each new picture it reads the clock from the
 * pixels. On its own: nothing of this file is there.
 */
export function openEye(strip: Strip): void {
  const CELLS = 32;
  const PIXELS = 4;
  /** Media time that is the same for longer, while it should play, stands still. */
  const STANDSTILL_MS = 60;
  const wall = (timestamp: number): number => performance.timeOrigin + timestamp;
  const sight = {
    openedAt: performance.timeOrigin,
    pictures: [] as Picture[],
    stalls: [] as { at: number; ms: number }[],
    waits: [] as number[],
    errors: [] as string[],
    dropped: 0,
  };
  window.glass = sight;
  addEventListener('error', ({ message }) => sight.errors.push(message));
  const canvas = new OffscreenCanvas(CELLS * PIXELS, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });

  function clockIn(video: HTMLVideoElement): number | null {
    const { videoWidth: width, videoHeight: height } = video;
    const [y, rows] = [strip.top * height, (strip.bottom - strip.top) * height];
    context?.drawImage(video, 0, y, width, rows, 0, 0, canvas.width, 1);
    const pixels = context?.getImageData(0, 0, canvas.width, 1).data;
    let low = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const at = 4 * (PIXELS * cell + PIXELS / 2);
      const light = ((pixels?.[at + 1] ?? NaN) + (pixels?.[at - 3] ?? NaN)) / 2;
      if (!(light < 90 || light > 165)) return null;
      if (light > 165) low += 2 ** cell;
    }
    const now = wall(performance.now());
    // The strip has the low 32 bits of the time.
    return now - ((((now - low) % 2 ** CELLS) + 2 ** CELLS) % 2 ** CELLS);
  }

  function watch(video: HTMLVideoElement): void {
    const look: VideoFrameRequestCallback = (_, { expectedDisplayTime, mediaTime }) => {
      video.requestVideoFrameCallback(look);
      sight.pictures.push({ at: wall(expectedDisplayTime), captured: clockIn(video), time: mediaTime });
    };
    video.requestVideoFrameCallback(look);
    video.addEventListener('waiting', () => {
      if (sight.pictures.length > 0) sight.waits.push(wall(performance.now()));
    });
    let [time, movedAt, stoodAt] = [0, 0, 0];
    setInterval(() => {
      sight.dropped = video.getVideoPlaybackQuality().droppedVideoFrames;
      const now = wall(performance.now());
      if (video.currentTime === time) {
        stoodAt = now;
        return;
      }
      // Not up to now: this timer may be what stood still.
      if (movedAt > 0 && stoodAt - movedAt > STANDSTILL_MS) sight.stalls.push({ at: movedAt, ms: stoodAt - movedAt });
      [time, movedAt] = [video.currentTime, sight.pictures.length > 0 ? now : 0];
    }, 10);
  }

  const find = (): void => {
    const video = document.querySelector('video');
    if (video === null) requestAnimationFrame(find);
    else watch(video);
  };
  find();
}
