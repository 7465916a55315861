/**
 * Throughput over time: the five profiles of Twitch's ACM MMSys 2020 grand challenge on adaptation for near-second
 * latency (github.com/twitchtv/acm-mmsys-2020-grand-challenge, normal-network-patterns.js), in kbit/s and seconds. They
 * were made for qualities of 200, 600 and 1000 kbit/s, and begin anew when they end.
 */
export type Profile = readonly (readonly [kbps: number, seconds: number])[];

export const PROFILES: Readonly<Record<string, Profile>> = {
  cascade: [1200, 800, 400, 800, 1200].map((kbps) => [kbps, 30]),
  'intra-cascade': [1000, 800, 600, 400, 200, 400, 600, 800, 1000].map((kbps) => [kbps, 15]),
  spike: [1200, 300, 800].map((kbps) => [kbps, 10]),
  'slow-jitters': [500, 1200, 500, 1200, 500, 1200].map((kbps) => [kbps, 5]),
  'fast-jitters': [
    [500, 0.25],
    [1200, 5],
    [500, 0.1],
    [1200, 1],
    [500, 0.25],
    [1200, 5],
  ],
};

export const secondsOf = (profile: Profile): number => profile.reduce((sum, [, seconds]) => sum + seconds, 0);
