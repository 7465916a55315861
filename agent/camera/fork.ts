import { isCopied, type StreamConfig } from '../config/schema.ts';
import type { EncodingOptions } from '../ffmpeg/encoding.ts';
import { LastMade } from '../ffmpeg/last-made.ts';
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
 *                       ├──▶ FFmpeg ──▶ encoded, one track for each quality; only where there are such
 *                       └──▶ FFmpeg ──▶ encoded on demand: one FFmpeg for each, while somebody watches
 */
export function forkedSource(camera: FrameSource, encoding: EncodingOptions): TracksSource {
  const { stream, log } = encoding;
  const { video } = stream.qualities;
  const shapes = new Shapes();
  /** By quality, of those made on demand. */
  const alone = video.map(() => ({ shapes: new Shapes(), lastMade: new LastMade() }));
  return async (sinks, ended) => {
    const over = new AbortController();
    const signal = AbortSignal.any([ended, over.signal]);
    const failed = Promise.withResolvers<Failure>();
    const copied = sinks.filter((_, index) => isCopied(video[index]!));
    const encoded = sinks.filter(({ onDemand }, index) => !isCopied(video[index]!) && onDemand === undefined);
    if (encoding.encoder !== undefined && copied.length < sinks.length) await encoding.encoder.ready();
    const branches: FrameSink[] = copied.map(
      (sink) =>
        new CopiedTrack({
          ...{ stream: stream.stream, sink, log },
          onRefused: (failure) => {
            if (copied.length === sinks.length) failed.resolve(failure);
            else log.error(`${stream.stream}: "copy": ${failure.message}`);
          },
        }),
    );
    const onFailure = (failure: Failure, hopeless: boolean): void => {
      if (hopeless && copied.length === 0) failed.resolve(failure);
    };
    if (encoded.length > 0) {
      const always = only(stream, (index) => sinks[index]?.onDemand === undefined);
      branches.push(new Transcoder({ ...encoding, stream: always, sinks: encoded, shapes, signal, onFailure }));
    }
    sinks.forEach((sink, index) => {
      if (sink.onDemand === undefined) return;
      const one = only(stream, (other) => other === index);
      branches.push(new Transcoder({ ...encoding, ...alone[index]!, stream: one, sinks: [sink], signal, onFailure }));
    });
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
    if (ended.aborted) for (const one of [shapes, ...alone.map((each) => each.shapes)]) one.forget();
    return ended.aborted ? undefined : failure;
  };
}

/** The stream with some of its qualities. */
const only = (stream: StreamConfig, isMeant: (index: number) => boolean): StreamConfig => ({
  ...stream,
  qualities: { ...stream.qualities, video: stream.qualities.video.filter((_, index) => isMeant(index)) },
});
