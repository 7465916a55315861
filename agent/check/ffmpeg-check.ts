import { execa } from 'execa';
import type { Surroundings } from '../commands/surroundings.ts';
import type { Config } from '../config/load.ts';
import { messageOf } from '../errors.ts';
import { encoderFindings } from './encoder-findings.ts';
import { locateFfmpeg, type FfmpegProgram } from '../ffmpeg/locate.ts';
import { about, type Finding } from './finding.ts';

/** The FFmpeg that would be used, and what it lacks. */
export interface FfmpegCheck {
  /** Undefined when there is none that can be used. */
  readonly ffmpeg: FfmpegProgram | undefined;
  readonly findings: readonly Finding[];
}

const ANSWER_MS = 10_000;

export async function checkFfmpeg(
  config: Config,
  { environment, clock, signal }: Pick<Surroundings, 'environment' | 'clock' | 'signal'>,
): Promise<FfmpegCheck> {
  const finding = about('ffmpeg', 'FFmpeg');
  let ffmpeg: FfmpegProgram;
  try {
    ffmpeg = await locateFfmpeg(config.ffmpeg, environment);
  } catch (error) {
    return { ffmpeg: undefined, findings: [finding.broken(messageOf(error))] };
  }
  const encoders = await encoderFindings(config.streams, { ffmpeg, clock, signal });
  const { path, version, origin } = ffmpeg;
  const figures = { path, version, origin };
  const found = `${version} at ${path} (${origin}), with libx264`;
  // The clock in the generated picture is drawn by it.
  const generated = config.streams.filter(({ type }) => type === 'GEN').map(({ stream }) => stream);
  if (generated.length === 0) return { ffmpeg, findings: [finding.fine(found, figures), ...encoders] };
  if (await hasFilter(path, 'drawtext', signal)) {
    return { ffmpeg, findings: [finding.fine(`${found} and drawtext`, figures), ...encoders] };
  }
  const missing = `has no drawtext, which "type": "GEN" of ${generated.join(', ')} needs`;
  const remedy = `name one built with libfreetype by "ffmpeg" in the configuration (Debian's is)`;
  return { ffmpeg, findings: [finding.fine(found, figures), finding.broken(`${missing}: ${remedy}`), ...encoders] };
}

async function hasFilter(path: string, filter: string, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await execa(path, ['-hide_banner', '-filters'], {
    stdin: 'ignore',
    timeout: ANSWER_MS,
    cancelSignal: signal,
    reject: false,
  });
  return new RegExp(String.raw`^ *\S+ +${filter} `, 'm').test(stdout);
}
