import type { StreamConfig, VideoQuality } from '../config/schema.ts';
import { framingBitrate } from '../cmaf/framing.ts';
import { safeInputOptions } from '../ffmpeg/input-options.ts';
import { isCopied, isOnDemand } from '../config/schema.ts';
import type { StreamDescription, VideoRepresentation } from '../../protocol/description.ts';
import type { RepresentationId } from '../../protocol/names.ts';
import type { Renditions } from './renditions.ts';
import type { Rendition } from './track-writer.ts';

/** Representations are numbered in the order of the configuration's qualities, as the original does. */
export const representationId = (index: number): RepresentationId => String(index) as RepresentationId;

/** The inverse of {@link representationId}. */
export const indexOfRepresentation = (id: RepresentationId): number => Number(id);

/** What the edge needs to know of a stream. @param renditions by quality, as far as they are known */
export function describe(stream: StreamConfig, renditions: Renditions): StreamDescription {
  const representations = stream.qualities.video.flatMap((quality, index) => {
    const rendition = renditions[index];
    return rendition === undefined ? [] : [representationOf(stream, quality, index, rendition)];
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

function representationOf(
  stream: StreamConfig,
  quality: VideoQuality,
  index: number,
  { config: { codecs, width, height }, facts }: Rendition,
): VideoRepresentation {
  const isCopy = isCopied(quality);
  const { frameRate, bandwidth } = isCopy
    ? { frameRate: stream.targetFps, bandwidth: 1, ...facts }
    : { frameRate: stream.targetFps, bandwidth: Math.round(quality.targetBitrate * 1000) };
  return {
    ...{ id: representationId(index), codecs, width, height, frameRate },
    bandwidth: bandwidth + framingBitrate({ ...stream, frameRate }),
    ...(isCopy ? { copied: true } : {}),
    ...(isOnDemand(quality) ? { onDemand: true } : {}),
  };
}

/** The entry of `streams.json`, its input without credentials. */
function definitionOf(stream: StreamConfig): string {
  switch (stream.type) {
    case 'GEN':
      return JSON.stringify(stream);
    case 'RTSP':
      return JSON.stringify({ ...stream, input: stream.input.safe });
    case 'FFMPEG':
      return JSON.stringify({
        ...stream,
        input: stream.input.safe,
        inputOptions: safeInputOptions(stream.inputOptions),
      });
  }
}
