import type { Readable } from 'node:stream';
import { avcConfig } from '../cmaf/avc.ts';
import type { FrameSink } from '../media/source.ts';
import { seconds, ticks, ticksOfMilliseconds, ticksOfSeconds, type Seconds } from '../../protocol/units.ts';
import { FirstFrame } from './first-frame.ts';
import { FlvReader } from './flv.ts';

/**
 * Hands on what comes out of one of FFmpeg's pipes, until it ends. The one place where FFmpeg's times become ours.
 * @throws FlvError or ParameterSetError on what can't be read, and whatever the sink throws
 */
export async function readPipe(
  pipe: Readable,
  options: {
    /** What FFmpeg counts times from. */
    readonly base: Seconds;
    /** Frames per second, as the encoder is set. */
    readonly frameRate: number;
  },
  sink: Pick<FrameSink, 'config' | 'frame'>,
): Promise<void> {
  const base = ticksOfSeconds(options.base);
  const first = new FirstFrame(ticksOfSeconds(seconds(1 / options.frameRate)));
  const reader = new FlvReader();
  for await (const chunk of pipe) {
    for (const event of reader.push(chunk as Uint8Array)) {
      switch (event.kind) {
        case 'config':
          sink.config(avcConfig(event.avcC));
          break;
        case 'frame': {
          const time = ticks(base + ticksOfMilliseconds(event.frame.time));
          for (const frame of first.push({ ...event.frame, time, compositionOffset: ticks(0) })) sink.frame(frame);
          break;
        }
      }
    }
  }
}
