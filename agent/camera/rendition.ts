import type { Readable } from 'node:stream';
import { avcConfig } from '../cmaf/avc.ts';
import { initSegment } from '../cmaf/init.ts';
import type { Segmenter } from '../cmaf/segmenter.ts';
import { FlvReader, type Frame } from '../ffmpeg/flv.ts';
import type { VideoConfig } from '../media/track.ts';
import type { Uploader } from '../upload/uploader.ts';
import type { Seconds } from '../../protocol/units.ts';
import { milliseconds, millisecondsOfSeconds } from '../../protocol/units.ts';

/** What a pipe of FFmpeg's holds, once the encoder has said what it makes. */
export interface Rendition {
  readonly video: VideoConfig;
  readonly init: Uint8Array;
}

/** The way of one quality's frames, from FFmpeg's pipe into segments. Ends with the pipe; throws on what can't be read. */
export async function carryFrames(options: {
  readonly pipe: Readable;
  /** What FFmpeg counts this pipe's times from. */
  readonly base: Seconds;
  readonly segmenter: Segmenter;
  readonly uploader: Uploader;
  readonly onRendition: (rendition: Rendition) => void;
  readonly onFrame: (frame: Frame) => void;
}): Promise<void> {
  const { pipe, segmenter, uploader } = options;
  const base = millisecondsOfSeconds(options.base);
  const reader = new FlvReader();
  for await (const chunk of pipe) {
    for (const event of reader.push(chunk as Uint8Array)) {
      switch (event.kind) {
        case 'config': {
          const video = avcConfig(event.avcC);
          options.onRendition({ video, init: initSegment(video) });
          break;
        }
        case 'frame': {
          const frame = { ...event.frame, time: milliseconds(event.frame.time + base) };
          for (const step of segmenter.push(frame)) uploader.apply(step);
          options.onFrame(frame);
          break;
        }
      }
    }
  }
  for (const step of segmenter.end()) uploader.apply(step);
}
