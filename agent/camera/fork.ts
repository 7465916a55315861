import { isCopied } from '../config/schema.ts';
import type { EncodingOptions } from '../ffmpeg/encoding.ts';
import { Shapes } from '../ffmpeg/shapes.ts';
import { Transcoder } from '../ffmpeg/transcoder.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink, FrameSource, TracksSource } from '../media/source.ts';
import { CopiedTrack } from './copied-track.ts';

/**
 * One connection to a camera, whatever is made of its stream: a track for each quality, copied or encoded.
 *
 *                       ┌──▶ copied as it is
 *     camera ──frames───┤
 *                       └──▶ FFmpeg ──▶ encoded, one track for each quality; only where there are such
 */
export function forkedSource(camera: FrameSource, encoding: EncodingOptions): TracksSource {
  const { stream, log } = encoding;
  const { video } = stream.qualities;
  const shapes = new Shapes();
  return async (sinks, ended) => {
    const over = new AbortController();
    const signal = AbortSignal.any([ended, over.signal]);
    const failed = Promise.withResolvers<Failure>();
    const copied = sinks.filter((_, index) => isCopied(video[index]!));
    const encoded = sinks.filter((_, index) => !isCopied(video[index]!));
    if (encoding.encoder !== undefined && encoded.length > 0) await encoding.encoder.ready();
    const branches: FrameSink[] = copied.map(
      (sink) =>
        new CopiedTrack({
          ...{ stream: stream.stream, sink, log },
          onRefused: (failure) => {
            if (encoded.length === 0) failed.resolve(failure);
            else log.error(`${stream.stream}: "copy": ${failure.message}`);
          },
        }),
    );
    if (encoded.length > 0) {
      const onFailure = (failure: Failure, hopeless: boolean): void => {
        if (hopeless && copied.length === 0) failed.resolve(failure);
      };
      branches.push(new Transcoder({ ...encoding, sinks: encoded, shapes, signal, onFailure }));
    }
    const fork: FrameSink = {
      config: (config) => branches.forEach((branch) => branch.config(config)),
      frame: (frame) => branches.forEach((branch) => branch.frame(frame)),
      // Of tracks it is one and the same.
      jump: (by) => sinks[0]?.jump(by),
    };
    const running = camera(fork, signal);
    const failure = await Promise.race([running, failed.promise]);
    over.abort();
    await running;
    if (ended.aborted) shapes.forget();
    return ended.aborted ? undefined : failure;
  };
}
