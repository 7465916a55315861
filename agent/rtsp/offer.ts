import type { MediaFormat } from '../rtp/format.ts';
import type { MediaDescription, PayloadFormat, SessionDescription } from './sdp.ts';

/** What a camera offers of one kind: the first track that can be used. */
export interface OfferedTrack {
  readonly kind: 'video' | 'audio';
  readonly format: MediaFormat;
  readonly control: string | undefined;
}

export interface Offer {
  readonly video: OfferedTrack | undefined;
  readonly audio: OfferedTrack | undefined;
  /** All that there is, used or not. */
  readonly media: readonly OfferedMedia[];
}

export interface OfferedMedia {
  /** `application`: ONVIF's metadata, mostly. */
  readonly kind: 'video' | 'audio' | 'back channel' | 'application' | 'other';
  /** As the camera names it: `H264`, `JPEG`; empty where it doesn't. */
  readonly encoding: string;
}

/**
 * Which tracks to ask for: the first video, the first audio. ONVIF's metadata (`application`) and back channels are left
 * alone. A back channel is audio that only the client would send (ONVIF Streaming Specification, 5.3), `sendonly`; but where
 * the video is called so too, it is what the camera sends.
 */
export function offerOf({ media }: SessionDescription): Offer {
  const videos = media.filter(({ kind }) => kind === 'video');
  const camerasView = videos.some(({ direction }) => direction === 'sendonly');
  const isBackChannel = ({ kind, direction }: MediaDescription): boolean =>
    kind === 'audio' && direction === 'sendonly' && !camerasView;
  const audios = media.filter((one) => one.kind === 'audio' && !isBackChannel(one));
  return {
    video: videos.map((one) => track('video', one)).find((one) => one !== undefined),
    audio: audios.map((one) => track('audio', one)).find((one) => one !== undefined),
    media: media.map((one) => ({
      kind: isBackChannel(one) ? 'back channel' : kindOf(one),
      encoding: one.formats[0]?.encoding ?? '',
    })),
  };
}

function track(kind: OfferedTrack['kind'], { formats, control }: MediaDescription): OfferedTrack | undefined {
  const usable = formats.flatMap((format) => mediaFormat(kind, format) ?? []);
  return usable[0] === undefined ? undefined : { kind, format: usable[0], control };
}

function kindOf({ kind }: MediaDescription): OfferedMedia['kind'] {
  switch (kind) {
    case 'video':
    case 'audio':
    case 'application':
      return kind;
    default:
      return 'other';
  }
}

/** @returns undefined for what is not used */
function mediaFormat(kind: OfferedTrack['kind'], format: PayloadFormat): MediaFormat | undefined {
  const codec = codecOf(format);
  if (codec === undefined || (kind === 'video') !== isVideo(codec)) return undefined;
  return {
    codec,
    payloadType: format.payloadType,
    clockRate: isVideo(codec) ? VIDEO_CLOCK : (format.clockRate ?? DEFAULT_CLOCK[codec]),
    channels: isVideo(codec) ? 1 : (format.channels ?? 1),
    parameters: format.parameters,
  };
}

type Codec = MediaFormat['codec'];
type AudioCodec = Exclude<Codec, 'h264' | 'h265'>;

/** «The RTP timestamp […] A 90 kHz clock rate MUST be used» (RFC 6184, 5.1; RFC 7798, 4.1), whatever is said. */
const VIDEO_CLOCK = 90_000;
const DEFAULT_CLOCK: Readonly<Record<AudioCodec, number>> = { aac: 48_000, opus: 48_000, pcmu: 8000, pcma: 8000 };

const isVideo = (codec: Codec): codec is Exclude<Codec, AudioCodec> => codec === 'h264' || codec === 'h265';

function codecOf({ encoding, parameters }: PayloadFormat): Codec | undefined {
  switch (encoding.replace('.', '')) {
    case 'H264':
      return 'h264';
    case 'H265':
    case 'HEVC':
      return 'h265';
    case 'MPEG4-GENERIC':
      return 'aac';
    case 'OPUS':
      return 'opus';
    case 'PCMU':
      return 'pcmu';
    case 'PCMA':
      return 'pcma';
    case '':
      // Nothing says, but its parameters do.
      if (parameters.has('sprop-vps')) return 'h265';
      return parameters.has('sprop-parameter-sets') ? 'h264' : undefined;
    default:
      return undefined;
  }
}
