import type { Failure } from '../media/failure.ts';
import type { FrameSink, TracksSource } from '../media/source.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { silence } from '../silence.ts';
import { clockStep } from './clock-step.ts';
import { startEncoding, type EncodingOptions } from './encoding.ts';

/** How long the input may take to its first frame, and between frames. */
const PATIENCE = { first: milliseconds(15_000), next: milliseconds(5000) };

/** FFmpeg as what opens the input, decodes it and encodes each quality: a track for each. */
const silentFor = (waited: Milliseconds): Failure => ({
  kind: 'silent',
  message: `the camera has sent no picture for ${waited / 1000} s`,
});

export function ffmpegSource(options: EncodingOptions): TracksSource {
  const { clock } = options;
  return async (sinks, ended) => {
    const over = new AbortController();
    const signal = AbortSignal.any([ended, over.signal]);
    let newest: Milliseconds | undefined;
    const watched = sinks.map((sink): Pick<FrameSink, 'config' | 'frame'> => ({
      config: (config) => sink.config(config),
      frame: (frame) => {
        newest = clock.monotonic();
        sink.frame(frame);
      },
    }));
    const encoding = startEncoding(options, { sinks: watched, signal });
    const silent = silence(() => newest, PATIENCE, clock, signal).then((waited) =>
      waited === undefined ? encoding.over : silentFor(waited),
    );
    const failure = await Promise.race([encoding.over, silent, clockStep(clock, signal)]);
    over.abort();
    await encoding.over;
    return ended.aborted ? undefined : failure;
  };
}
