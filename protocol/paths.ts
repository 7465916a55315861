import {
  isClientName,
  isRepresentationId,
  isStreamName,
  parseSegmentNumber,
  type ClientName,
  type RepresentationId,
  type SegmentNumber,
  type StreamName,
} from './names.ts';

/** Whose object: `/{stream}/…` or, with the viewer named for statistics, `/{stream}-{client}/…`. */
export interface StreamAddress {
  readonly stream: StreamName;
  readonly client: ClientName | undefined;
}

/** A media object, by the names the original Fast-ll and FFmpeg's dash muxer give them. */
export type MediaObject =
  | { readonly kind: 'manifest' }
  | { readonly kind: 'init'; readonly representation: RepresentationId }
  | { readonly kind: 'segment'; readonly representation: RepresentationId; readonly number: SegmentNumber };

/** First path part: a stream, perhaps with its viewer; undefined when it is neither. */
export function parseStreamAddress(part: string): StreamAddress | undefined {
  const dash = part.indexOf('-');
  const stream = dash === -1 ? part : part.slice(0, dash);
  const client = dash === -1 ? undefined : part.slice(dash + 1);
  if (!isStreamName(stream)) return undefined;
  if (client !== undefined && !isClientName(client)) return undefined;
  return { stream, client };
}

/** Second path part: which object of the stream; undefined when it is none. */
export function parseMediaObject(file: string): MediaObject | undefined {
  if (file === 'manifest.mpd') return { kind: 'manifest' };
  const init = /^init-stream(\d+)\.m4s$/.exec(file)?.[1];
  if (init !== undefined) return isRepresentationId(init) ? { kind: 'init', representation: init } : undefined;
  const [, representation, digits] = /^chunk-stream(\d+)-(\d+)\.m4s$/.exec(file) ?? [];
  if (representation === undefined || digits === undefined || !isRepresentationId(representation)) return undefined;
  const number = parseSegmentNumber(digits);
  return number === undefined ? undefined : { kind: 'segment', representation, number };
}

/** File name of a media object: the inverse of {@link parseMediaObject}, but for leading zeros. */
export function mediaFile(object: MediaObject): string {
  switch (object.kind) {
    case 'manifest':
      return 'manifest.mpd';
    case 'init':
      return `init-stream${object.representation}.m4s`;
    case 'segment':
      return `chunk-stream${object.representation}-${object.number}.m4s`;
  }
}

/** Path of a media object, from the root of the edge. */
export const mediaPath = (stream: StreamName, object: MediaObject): string => `/${stream}/${mediaFile(object)}`;

/** Where the agent of a stream keeps its WebSocket to the edge. */
export const agentPath = (stream: StreamName): string => `/api/streams/${stream}/agent`;

/** Where the figures of a stream's clients are read. */
export const statisticsPath = (stream: StreamName): string => `/api/streams/${stream}/stats`;
