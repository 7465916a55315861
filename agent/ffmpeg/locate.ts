import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { messageOf, UserError } from '../errors.ts';

/** An FFmpeg that can do what Fast-ll asks of it. */
export interface FfmpegProgram {
  readonly path: string;
  /** As it calls itself. */
  readonly version: string;
  /** Where it was found, for people. */
  readonly origin: string;
  /** Whether `-fps_mode` has replaced `-vsync` (FFmpeg 5.1). */
  readonly hasFpsMode: boolean;
}

/** libavutil's major version tells releases and builds from git alike: 56 is FFmpeg 4. */
const MIN_LIBAVUTIL = 56;
const FPS_MODE_LIBAVUTIL = [57, 28] as const;

/** Configured → `FFMPEG_PATH` → `PATH` → the one that comes through npm. @throws UserError with what to do */
export async function locateFfmpeg(
  configured: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FfmpegProgram> {
  if (configured !== undefined) return inspect(configured, 'named by "ffmpeg" in the configuration');
  if (environment['FFMPEG_PATH'] !== undefined) return inspect(environment['FFMPEG_PATH'], 'named by FFMPEG_PATH');
  const installed = await onPath(environment['PATH'] ?? '');
  if (installed !== undefined) return inspect(installed, 'found on PATH');
  const packaged = packagedFfmpeg();
  if (packaged !== undefined) return inspect(packaged, 'from the npm package @ffmpeg-installer/ffmpeg');
  throw new UserError(
    'FFmpeg is missing: install it (Debian: apt-get install ffmpeg), or name it by "ffmpeg" in the configuration',
  );
}

async function onPath(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg');
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && runs) return file;
  }
  return undefined;
}

function packagedFfmpeg(): string | undefined {
  try {
    return (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
  } catch {
    // The package has no build for this platform.
    return undefined;
  }
}

async function inspect(path: string, origin: string): Promise<FfmpegProgram> {
  const ask = async (option: string): Promise<string> => {
    try {
      return (await execa(path, ['-hide_banner', option], { timeout: 10_000, stdin: 'ignore' })).stdout;
    } catch (error) {
      throw new UserError(`FFmpeg at ${path} (${origin}) does not run: ${messageOf(error).split('\n')[0] ?? ''}`);
    }
  };
  const about = await ask('-version');
  const version = /^ffmpeg version (\S+)/.exec(about)?.[1];
  const [, major, minor] = /libavutil\s+(\d+)\.\s*(\d+)/.exec(about) ?? [];
  if (version === undefined || major === undefined || minor === undefined) {
    throw new UserError(`${path} (${origin}) is not FFmpeg: it does not tell its version`);
  }
  if (Number(major) < MIN_LIBAVUTIL) {
    throw new UserError(`FFmpeg ${version} at ${path} (${origin}) is too old: expected 4.1 or newer`);
  }
  if (!/\blibx264\b/.test(await ask('-encoders'))) {
    throw new UserError(`FFmpeg ${version} at ${path} (${origin}) has no libx264: expected one built with it`);
  }
  const [fpsMajor, fpsMinor] = FPS_MODE_LIBAVUTIL;
  const hasFpsMode = Number(major) > fpsMajor || (Number(major) === fpsMajor && Number(minor) >= fpsMinor);
  return { path, version, origin, hasFpsMode };
}
