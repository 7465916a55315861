import { execa } from 'execa';
import { onPath } from './programs.ts';

const program = onPath('ffprobe');

/** Stories that need it are skipped, with a line that says why, where there is none. */
export const noFfprobe = program === undefined;
if (noFfprobe) console.warn('skipped what needs ffprobe: it is not on PATH');

/** What ffprobe finds in a file or at a URL, and what it has to say against it. */
export async function ffprobe(input: string | Uint8Array): Promise<{
  readonly streams: readonly { readonly codec_name: string; readonly width: number; readonly height: number }[];
  readonly complaints: string;
}> {
  const isUrl = typeof input === 'string';
  const { stdout, stderr } = await execa(
    program ?? 'ffprobe',
    ['-v', 'warning', '-show_streams', '-of', 'json', isUrl ? input : 'pipe:0'],
    { timeout: 30_000, ...(isUrl ? { stdin: 'ignore' } : { input }) },
  );
  const { streams } = JSON.parse(stdout) as Awaited<ReturnType<typeof ffprobe>>;
  return { streams, complaints: stderr };
}
