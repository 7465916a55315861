import { describe, expect, test } from 'vitest';
import { MissingSound } from '../../worker/player/missing-sound.ts';

/** An attempt to play of which the picture came at 1000. */
function playing(sounds: boolean): MissingSound {
  const sound = new MissingSound();
  sound.begins();
  sound.came('video', 1000);
  if (sounds) sound.came('audio', 1050);
  return sound;
}

const BOTH = { video: 0.3, audio: 0.28 };
const PICTURE = { video: 0.9, audio: 0.1 };
const NOTHING = { video: 0, audio: 0 };

describe('a picture', () => {
  test('that moves has no sound to wait for', () => {
    const sound = playing(true);
    for (let now = 1000; now < 9000; now += 200) expect(sound.leaveOut(true, PICTURE, now)).toBe(false);
  });

  test('that stands still a second for sound alone goes on without', () => {
    const sound = playing(true);
    expect(sound.leaveOut(false, PICTURE, 2000)).toBe(false);
    expect(sound.leaveOut(false, PICTURE, 2900)).toBe(false);
    expect(sound.leaveOut(false, PICTURE, 3100)).toBe(true);
    expect(sound.isLeftOut).toBe(true);
    expect(sound.leaveOut(false, PICTURE, 9000)).toBe(false);
  });

  test('that moved in between begins to wait anew', () => {
    const sound = playing(true);
    expect(sound.leaveOut(false, PICTURE, 2000)).toBe(false);
    expect(sound.leaveOut(true, BOTH, 2900)).toBe(false);
    expect(sound.leaveOut(false, PICTURE, 3100)).toBe(false);
  });

  test('that comes no more than its sound does waits for both', () => {
    const sound = playing(true);
    for (let now = 1000; now < 9000; now += 200) expect(sound.leaveOut(false, NOTHING, now)).toBe(false);
    for (let now = 9000; now < 19_000; now += 200) expect(sound.leaveOut(false, BOTH, now)).toBe(false);
  });

  test('that has come without any sound begins without', () => {
    const sound = playing(false);
    expect(sound.leaveOut(false, NOTHING, 1900)).toBe(false);
    expect(sound.leaveOut(false, NOTHING, 2100)).toBe(true);
  });

  test('that has not come is not waited for by sound', () => {
    const sound = new MissingSound();
    sound.begins();
    expect(sound.leaveOut(false, NOTHING, 60_000)).toBe(false);
  });
});
