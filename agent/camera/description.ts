import type { StreamConfig } from '../config/schema.ts';
import type { TrackConfig } from '../media/track.ts';
import type { Representation, StreamDescription } from '../../protocol/description.ts';
import type { RepresentationId } from '../../protocol/names.ts';

/** Representations are numbered in the order of the configuration's qualities, as the original does. */
export const representationId = (index: number): RepresentationId => String(index) as RepresentationId;

/** What the edge needs to know of a stream. @param tracks by quality; none until the encoder has told its codecs */
export function describe(stream: StreamConfig, tracks: readonly TrackConfig[]): StreamDescription {
  const representations = tracks.map(({ codecs, width, height }, index): Representation => {
    const bitrate = stream.qualities.video[index]?.targetBitrate ?? 0;
    return {
      id: representationId(index),
      codecs,
      width,
      height,
      bandwidth: Math.round(bitrate * 1000),
      frameRate: stream.targetFps,
    };
  });
  return {
    title: stream.name,
    segmentDuration: stream.segmentDuration,
    fragmentDuration: stream.fragmentDuration,
    targetLatency: stream.targetLatency,
    timeShift: stream.timeShift,
    serverSideRepresentationSwitching: stream.serverSideRepresentationSwitching,
    public: stream.public,
    saveStats: stream.saveStats,
    definition: definitionOf(stream),
    tracks: representations.length === 0 ? [] : [{ kind: 'video', representations }],
  };
}

/** The entry of `streams.json`, its input without credentials. */
const definitionOf = (stream: StreamConfig): string =>
  JSON.stringify(stream.type === 'RTSP' ? { ...stream, input: stream.input.safe } : stream);
