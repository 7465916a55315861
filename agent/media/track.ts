/** What decoders and manifests need to know of a track before its first frame. */
export type TrackConfig = VideoConfig;

export interface VideoConfig {
  readonly kind: 'video';
  readonly codec: 'h264' | 'h265';
  /** AVCDecoderConfigurationRecord or HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3 and 8.3.3). */
  readonly record: Uint8Array;
  /** RFC 6381: `avc1.64001f`, `hvc1.1.6.L93.B0`. */
  readonly codecs: string;
  /** Samples across and down, cropping applied. */
  readonly width: number;
  readonly height: number;
  /** Shape of a sample as displayed. */
  readonly pixelAspect: { readonly horizontal: number; readonly vertical: number };
}

/** What decoders need to know of sound. */
export interface AudioConfig {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'opus' | 'pcmu' | 'pcma';
  /**
   * AAC: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). Opus: what is in a `dOps` box (Encapsulation of Opus in ISO Base Media
   * File Format, 4.3.2). G.711 has none.
   */
  readonly record: Uint8Array;
  /** RFC 6381: `mp4a.40.2`, `opus`; of G.711, `ulaw` and `alaw`, which no browser plays in MP4. */
  readonly codecs: string;
  /** In Hz. */
  readonly sampleRate: number;
  readonly channels: number;
}
