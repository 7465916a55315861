import type { MediaPlayerSettingClass } from 'dashjs';

/** `page`: one large video. `tile`: one of many small ones. */
export type VideoSize = 'page' | 'tile';

/**
 * How dash.js 5.2 is set for the lowest latency. What is not named here is dash.js' default.
 */
export const dashSettings = (size: VideoSize): MediaPlayerSettingClass => ({
  streaming: {
    // The edge holds a manifest for up to 10 s, which is the default, while a camera starts.
    manifestRequestTimeout: 15_000,
    // Recovery is ours (recovery.ts): dash.js would only delay it.
    retryAttempts: { MPD: 0 },
    // A paused live video has no use for segments: it goes on at the live edge.
    scheduling: { scheduleWhilePaused: false },
    // The pace is ours (pacemaker.ts).
    liveCatchup: { enabled: false },
    // With less in its buffer dash.js takes a video for stalled. The default, 0.3 s, is more than there ever is.
    buffer: { lowLatencyStallThreshold: 0.01 },
    abr: size === 'tile' ? { limitBitrateByPortal: true, usePixelRatioInLimitBitrateByPortal: true } : {},
  },
});
