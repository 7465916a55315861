/** What an SDP says of one payload type of a track (RFC 8866, 6.6 and 6.15): all that is needed to make frames of its packets. */
export interface MediaFormat {
  readonly codec: 'h264' | 'h265' | 'aac' | 'opus' | 'pcmu' | 'pcma';
  /** 0 to 127: packets of another one are none of this track's. */
  readonly payloadType: number;
  /** Of the RTP timestamps, in Hz. */
  readonly clockRate: number;
  /** 1 for video. */
  readonly channels: number;
  /** `fmtp`: values by names in lower case, as `sprop-parameter-sets`. */
  readonly parameters: ReadonlyMap<string, string>;
}
