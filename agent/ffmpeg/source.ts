import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink, TracksSource } from '../media/source.ts';
import { milliseconds, millisecondsOfTicks, secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import { silence } from '../silence.ts';
import { clockStep } from './clock-step.ts';
import { startEncoding, type EncodingOptions } from './encoding.ts';

/** How long the input may take to its first frame, and between frames. */
/** No frame is of a time that has not come, but for what rounding and the edge's clock are off. */
const FUTURE_MS = 250;
const PATIENCE = { first: milliseconds(15_000), next: milliseconds(5000) };

export interface OpeningOptions extends EncodingOptions {
  /** This machine's, which FFmpeg goes by; `clock` is what frames are timed by. */
  readonly machine: Clock;
}

/** FFmpeg as what opens the input, decodes it and encodes each quality: a track for each. */
const silentFor = (waited: Milliseconds): Failure => ({
  kind: 'silent',
  message: `the camera has sent no picture for ${waited / 1000} s`,
});

export function ffmpegSource(options: OpeningOptions): TracksSource {
  const { clock, machine } = options;
  return async (sinks, ended) => {
    if (options.encoder !== undefined) await options.encoder.ready();
    const over = new AbortController();
    const signal = AbortSignal.any([ended, over.signal]);
    let newest: Milliseconds | undefined;
    const watched = sinks.map((sink): Pick<FrameSink, 'config' | 'frame'> => ({
      config: (config) => sink.config(config),
      frame: (frame) => {
        // By this machine's clock, which was just set: `clockStep` is about to notice.
        if (millisecondsOfTicks(frame.time) > clock.wall() + FUTURE_MS) return;
        newest = clock.monotonic();
        sink.frame(frame);
      },
    }));
    const ahead = secondsOfMilliseconds(milliseconds(clock.wall() - machine.wall()));
    const encoding = startEncoding(options, { sinks: watched, ahead, signal });
    const silent = silence(() => newest, PATIENCE, clock, signal).then((waited) =>
      waited === undefined ? encoding.over : silentFor(waited),
    );
    const failure = await Promise.race([encoding.over, silent, clockStep(clock, machine, signal)]);
    over.abort();
    await encoding.over;
    // What it reads may be what has failed; where that shows, it is.
    if (failure !== undefined && isOfEncoder(failure, newest !== undefined)) options.encoder?.failed(failure);
    return ended.aborted ? undefined : failure;
  };
}

const isOfEncoder = ({ kind }: Failure, hasMade: boolean): boolean =>
  kind === 'encoder' || (kind === 'silent' && !hasMade);
