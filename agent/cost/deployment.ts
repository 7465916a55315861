import type { Seconds } from '../../protocol/units.ts';

/** What one would run, as far as it matters for what it costs. */
export interface Deployment {
  readonly cameras: number;
  /** At one time, evenly on the cameras that are watched. */
  readonly viewers: number;
  /** A day that they watch. */
  readonly hours: number;
  /** Cameras that are watched in those hours, of all: 0 to 1. */
  readonly watched: number;
  /** Cameras run round the clock, not only while somebody watches. */
  readonly alwaysOn: boolean;
  /** Representations of each camera; a viewer plays one of them. */
  readonly qualities: number;
  /** kbit/s of one representation. */
  readonly bitrate: number;
  readonly segmentDuration: Seconds;
  readonly timeShift: Seconds;
  /** That the viewers come in through, at most. */
  readonly dataCentres: number;
}

/** How viewers' requests reach the objects: `FAN_OUT` in wrangler.toml. */
export const WAYS = ['direct', 'cache'] as const;
export type Way = (typeof WAYS)[number];

const HOURS_PER_DAY = 24;

export const watchedCameras = ({ cameras, watched }: Deployment): number => cameras * watched;

export const viewersPerCamera = (deployment: Deployment): number =>
  deployment.viewers === 0 ? 0 : deployment.viewers / watchedCameras(deployment);

/** A day, of all cameras together, in hours. */
export const cameraHours = (deployment: Deployment): number =>
  deployment.alwaysOn
    ? deployment.cameras * HOURS_PER_DAY
    : deployment.viewers === 0
      ? 0
      : watchedCameras(deployment) * deployment.hours;

export const viewerHours = ({ viewers, hours }: Deployment): number => viewers * hours;
