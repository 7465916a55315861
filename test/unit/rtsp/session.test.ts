/** The client and a camera that shows a recording, over real sockets. */
import { describe, expect, test } from 'vitest';
import { startCamera, type Camera, type CameraOptions } from '../../fixtures/camera/camera.ts';
import { HABITS, type HabitName, type Habits } from '../../fixtures/camera/habits.ts';
import { watch } from './watching.ts';

const RECORDED = { recorded: true, fps: 100 } satisfies CameraOptions;
const CREDENTIALS = { user: 'admin', password: 'p@ss:w%rd/!#' };

const withHabits = (habits: Habits, more: CameraOptions = {}): Promise<Camera> =>
  startCamera({ ...RECORDED, ...more, habits });

/** The NAL units that a camera has sent to its client. */
const sentBy = ({ sent, parameterSets: { sps, pps } }: Camera): Buffer[] =>
  sent
    .flatMap(({ isKeyframe, nalUnits }) => (isKeyframe ? [sps, pps, ...nalUnits] : [...nalUnits]))
    .map((nal) => Buffer.from(nal));

describe('a camera is watched, each of its NAL units as it was sent,', () => {
  test('that does everything as it should be', async () => {
    await using camera = await startCamera(RECORDED);
    const { video, transport } = await watch(camera.url);
    expect(transport).toBe('tcp');
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    await camera.whenPlaying(0);
    expect(camera.requests).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
    expect(new Set(camera.requested)).toEqual(new Set([camera.url, `${camera.url}/trackID=1`, `${camera.url}/`]));
  });

  test.for(Object.entries(HABITS) as [HabitName, Habits][])('with %s', async ([, habits]) => {
    await using camera = await withHabits(habits, { credentials: CREDENTIALS });
    const { video, failure } = await watch(camera.urlWithCredentials);
    expect(video.whole.length, failure.message).toBeGreaterThanOrEqual(25);
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    // Nothing is asked for that is not used.
    expect(camera.requested.join()).not.toMatch(/trackID=[234]/);
  });

  test.for(['digest', 'sha-256', 'basic'] as const)('with %s', async (auth) => {
    await using camera = await startCamera({ ...RECORDED, auth, credentials: CREDENTIALS });
    expect((await watch(camera.urlWithCredentials)).video.whole.length).toBeGreaterThanOrEqual(25);
  });
});
