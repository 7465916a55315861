/** iPhones make only videos full screen, in a way of their own. */
interface AppleVideo extends HTMLVideoElement {
  webkitEnterFullscreen(): void;
}

export async function toggleFullscreen(stage: HTMLElement, video: HTMLVideoElement): Promise<void> {
  if (document.fullscreenElement !== null) return document.exitFullscreen();
  if (document.fullscreenEnabled) return stage.requestFullscreen();
  if (isAppleVideo(video)) video.webkitEnterFullscreen();
}

const isAppleVideo = (video: HTMLVideoElement): video is AppleVideo => 'webkitEnterFullscreen' in video;
