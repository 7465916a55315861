import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { avcConfig } from '../../agent/cmaf/avc.ts';
import { Feed } from '../../agent/ffmpeg/feed.ts';
import { splitBoxes } from '../../protocol/boxes.ts';
import { frameOf } from '../frames.ts';
import { recordedCamera } from '../recorded-camera.ts';

/** An FFmpeg's stdin: what was written, and how many of the writes have been read. */
class Stdin extends Writable {
  readonly pieces: Buffer[] = [];
  #read: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(piece: Buffer, _: string, done: () => void): void {
    this.pieces.push(piece);
    this.#read.push(done);
  }

  /** FFmpeg takes all that waits. */
  async takeAll(): Promise<void> {
    while (this.#read.length > 0) {
      this.#read.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Of the frames that came. */
  get fragments(): number {
    return splitBoxes(Buffer.concat(this.pieces)).boxes.filter(({ type }) => type === 'moof').length;
  }
}

const SECOND = 90_000;
const { config } = recordedCamera();

function fed() {
  const stdin = new Stdin();
  return { stdin, feed: new Feed(stdin, avcConfig(config.record)) };
}

test('an init segment, then a fragment for each frame', async () => {
  const { stdin, feed } = fed();
  feed.frame(frameOf(0, true));
  feed.frame(frameOf(3600));
  await stdin.takeAll();
  const types = splitBoxes(Buffer.concat(stdin.pieces)).boxes.map(({ type }) => type);
  expect(types).toEqual(['ftyp', 'moov', 'prft', 'moof', 'mdat', 'prft', 'moof', 'mdat']);
});

test('while FFmpeg does not read frames are left out, and go on with a keyframe when it has read all', async () => {
  const { stdin, feed } = fed();
  feed.frame(frameOf(0, true));
  await stdin.takeAll();
  for (let time = 1; time <= 100; time += 1) feed.frame(frameOf((time * SECOND) / 10, time % 10 === 0));
  // Two seconds of them wait.
  expect(feed.skipped).toBe(79);
  await stdin.takeAll();
  feed.frame(frameOf(10.1 * SECOND));
  expect(feed.skipped).toBe(80);
  feed.frame(frameOf(10.2 * SECOND, true));
  feed.frame(frameOf(10.3 * SECOND));
  await stdin.takeAll();
  expect(feed.skipped).toBe(80);
  expect(stdin.fragments).toBe(1 + 21 + 2);
});

test('as long as FFmpeg starts, frames wait for it', () => {
  const { feed } = fed();
  for (let time = 0; time < 50; time += 1) feed.frame(frameOf((time * SECOND) / 10, time === 0));
  expect(feed.skipped).toBe(0);
});

test('but no more than so many bytes', () => {
  const { feed } = fed();
  const data = new Uint8Array(1024 * 1024);
  for (let time = 0; time < 100; time += 1) feed.frame(frameOf(time * 3600, time === 0, data));
  expect(feed.skipped).toBeGreaterThan(60);
});

test('what it has to decode first may be older', async () => {
  const { stdin, feed } = fed();
  feed.catchUp(Array.from({ length: 100 }, (_, index) => frameOf((index * SECOND) / 10, index === 0)));
  feed.frame(frameOf(10 * SECOND));
  await stdin.takeAll();
  expect(feed.skipped).toBe(0);
  expect(stdin.fragments).toBe(101);
});

test('an FFmpeg that is gone is no error of its own', async () => {
  const { stdin, feed } = fed();
  stdin.destroy(new Error('EPIPE'));
  await new Promise((resolve) => setImmediate(resolve));
  feed.frame(frameOf(0, true));
});
