import type { MediaPlayerSettingClass } from 'dashjs';

/** `page`: one large video. `tile`: one of many small ones. */
export type VideoSize = 'page' | 'tile';

/**
 * How dash.js 5.2 is set for the lowest latency. The target, its limits and the playback rates come from the
 * manifest's ServiceDescription; what is not named here is dash.js' default.
 */
export const dashSettings = (size: VideoSize): MediaPlayerSettingClass => ({
  streaming: {
    // The edge holds a manifest for up to 10 s, which is the default, while a camera starts.
    manifestRequestTimeout: 15_000,
    // Recovery is ours (recovery.ts): dash.js would only delay it.
    retryAttempts: { MPD: 0 },
    // A paused live video has no use for segments: it goes on at the live edge.
    scheduling: { scheduleWhilePaused: false },
    // Else on for low-latency manifests only; pushed ones may be of the other kind.
    liveCatchup: { enabled: true },
    abr: size === 'tile' ? { limitBitrateByPortal: true, usePixelRatioInLimitBitrateByPortal: true } : {},
  },
});

/** Once the manifest has said which latency (in seconds) to aim at. */
export const dashSettingsFor = (target: number): MediaPlayerSettingClass => ({
  streaming: { buffer: { lowLatencyStallThreshold: stallThreshold(target) } },
});

/**
 * With less in its buffer dash.js sees a stall coming and catches up no more until it has half the target. The
 * default of 0.3 s is more than a player that is 0.3 s behind can ever have; with none at all a player on a network
 * slower than the target would play itself dry for ever.
 */
const stallThreshold = (target: number): number => Math.min(Math.max(target / 10, 0.01), 0.3);
