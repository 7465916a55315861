import { styleText } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import type { Surroundings } from '../commands/surroundings.ts';
import { secretsOf } from '../config/credentials.ts';
import { httpsOf } from '../config/https.ts';
import type { Config } from '../config/load.ts';
import type { StreamConfig } from '../config/schema.ts';
import { messageOf } from '../errors.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import { atMost } from './pool.ts';
import { checkCamera } from './camera-check.ts';
import { checkEmbedded } from './embedded-check.ts';
import { checkFfmpeg } from './ffmpeg-check.ts';
import { about, type Finding, type Level } from './finding.ts';
import { linesOfProgress, liveProgress, noProgress, type Progress } from './progress.ts';
import { checkRemote } from './remote-check.ts';
import { jsonReport, textReport, worstOf } from './report.ts';

const CAMERAS_AT_ONCE = 4;
/** As shells have it for what SIGINT ended. */
const INTERRUPTED = 130;

/**
 * Tries everything that a configuration needs, and says what to do about what does not work.
 * @returns what to exit with: 0, or 1 when something is broken
 */
export async function check(
  config: Config,
  options: { readonly config: string; readonly json: boolean; readonly thorough: boolean },
  around: Surroundings,
): Promise<number> {
  // Before anything else: what is wrong with the configuration is told as `run` tells it.
  await httpsOf(config, around.clock.wall());
  around.redactor.add(...secretsOf(config, around.environment));
  const progress = options.json
    ? noProgress
    : around.isTerminal
      ? liveProgress(config.streams.length + 2)
      : linesOfProgress;
  try {
    const found = [
      configurationFinding(options.config, config),
      ...(await findingsOf(config, around, { ...options, progress })),
    ];
    progress.stop();
    const findings = found.map((finding) => ({ ...finding, message: around.redactor.redact(finding.message) }));
    const width = around.isTerminal ? process.stdout.columns : undefined;
    around.print(
      options.json ? jsonReport(findings, packageJson.version) : textReport(findings, { width, paint: painted }),
    );
    return worstOf(findings) === 'broken' ? 1 : 0;
  } catch (error) {
    if (around.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    progress.stop();
  }
}

/** One after the other, but for the cameras: they would spoil each other's figures. */
async function findingsOf(
  config: Config,
  around: Surroundings,
  options: { readonly thorough: boolean; readonly progress: Progress },
): Promise<Finding[]> {
  const { progress } = options;
  const told = async <Result>(
    what: string,
    work: () => Promise<Result>,
    findingsIn: (result: Result) => readonly Finding[],
  ): Promise<Result> => {
    progress.begin(what);
    const result = await work();
    around.signal.throwIfAborted();
    progress.end(what, worstOf(findingsIn(result)));
    return result;
  };
  const as = (findings: readonly Finding[]): readonly Finding[] => findings;

  const { ffmpeg, findings } = await told(
    'FFmpeg',
    () => checkFfmpeg(config, around),
    (result) => result.findings,
  );
  const cameras = await atMost(CAMERAS_AT_ONCE, config.streams, (stream) =>
    told(stream.stream, () => cameraOf(stream, ffmpeg, around), as),
  );
  const edge = await told(
    'the edge',
    () =>
      config.edge === undefined ? checkEmbedded(config, around) : checkRemote(config.edge, config, around, options),
    as,
  );
  return [...findings, ...cameras.flat(), ...edge];
}

async function cameraOf(
  stream: StreamConfig,
  ffmpeg: FfmpegProgram | undefined,
  { clock, signal }: Surroundings,
): Promise<Finding[]> {
  const finding = about('camera', stream.stream);
  if (ffmpeg === undefined) return [finding.broken('not checked: that needs FFmpeg')];
  try {
    return await checkCamera({ stream, ffmpeg, clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    return [finding.broken(`could not be checked: ${messageOf(error)}`)];
  }
}

function configurationFinding(file: string, { streams }: Config): Finding {
  const names = streams.map(({ stream }) => stream).join(', ');
  return about('configuration', 'config').fine(
    `${file}: ${streams.length === 1 ? 'one stream' : `${streams.length} streams`}, ${names}`,
  );
}

const COLORS = { fine: 'green', warning: 'yellow', broken: 'red' } as const;
const painted = (level: Level, text: string): string => styleText(COLORS[level], text);
