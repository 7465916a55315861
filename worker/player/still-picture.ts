/** Shows the last picture of a video for as long as it has no other: a canvas that lies over it. */
export class StillPicture {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;

  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement) {
    this.#video = video;
    this.#canvas = canvas;
  }

  /** Before the video loses it. Without one, the still stays what it is. */
  take(): void {
    const { readyState, videoWidth, videoHeight } = this.#video;
    if (readyState < HTMLMediaElement.HAVE_CURRENT_DATA || videoWidth === 0) return;
    this.#canvas.width = videoWidth;
    this.#canvas.height = videoHeight;
    this.#canvas.getContext('2d')?.drawImage(this.#video, 0, 0);
    this.#canvas.hidden = false;
  }

  clear(): void {
    this.#canvas.hidden = true;
  }
}
