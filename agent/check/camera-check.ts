import { pino } from 'pino';
import type { Clock } from '../clock.ts';
import { encodedQualities, type StreamConfig } from '../config/schema.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import type { Failure } from '../media/failure.ts';
import { describeCamera } from '../rtsp/camera-offer.ts';
import { cameraFindings, numberText } from './camera-findings.ts';
import { about, type Finding } from './finding.ts';
import { observeByClient } from './client-observation.ts';
import { observeByFfmpeg } from './ffmpeg-observation.ts';
import { offerFigures, offerFindings } from './offer-findings.ts';
import type { Observation, ObservationOptions } from './observation.ts';

/** One stream's camera. */
export async function checkCamera(options: {
  readonly stream: StreamConfig;
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<Finding[]> {
  const { stream } = options;
  const finding = about('camera', stream.stream);
  switch (stream.type) {
    case 'GEN':
      return [finding.fine(`a generated picture, ${numberText(stream.targetFps)} frames/s`)];
    case 'RTSP': {
      const seen = await observeCamera({ ...options, stream });
      if ('packets' in seen) return withOffer(cameraFindings(stream, seen), { ...options, stream }, seen);
      return [finding.broken(`${stream.input.safe}: ${seen.message}`)];
    }
    case 'FFMPEG': {
      const seen = await observeByFfmpeg({ ...options, stream });
      if ('packets' in seen) return cameraFindings(stream, seen);
      return [finding.broken(`${stream.input.safe}: ${seen.message}`)];
    }
  }
}

/** Adds what it offers, where it is the client that speaks to it. */
async function withOffer(
  findings: readonly Finding[],
  options: ObservationOptions,
  { instead }: Observation,
): Promise<Finding[]> {
  const { stream } = options;
  const [first, ...others] = findings;
  if (first === undefined || stream.via === 'ffmpeg' || instead !== undefined) return [...findings];
  const offer = await describeCamera({ ...options, url: stream.input, log: pino({ level: 'silent' }) });
  if ('kind' in offer) return [...findings];
  const figures = { ...first.figures, ...offerFigures(offer) };
  return [{ ...first, figures }, ...others, ...offerFindings(stream, offer)];
}

/**
 * Looks at a camera, come by as it is in earnest: the frames as they come, and the first one decoded.
 * @returns why not, where it can't be done
 */
async function observeCamera(options: ObservationOptions): Promise<Observation | Failure> {
  const { stream, signal } = options;
  if (stream.via === 'ffmpeg') return observeByFfmpeg(options);
  const seen = await observeByClient(options);
  if ('packets' in seen || seen.kind !== 'unusable' || encodedQualities(stream).length === 0) return seen;
  signal.throwIfAborted();
  const instead = await observeByFfmpeg(options);
  return 'packets' in instead ? { ...instead, instead: seen } : seen;
}
