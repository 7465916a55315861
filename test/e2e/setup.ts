import { execa } from 'execa';

/** The embedded edge runs what is in dist/: it has to be what is in worker/. */
export default async function setup(): Promise<void> {
  await execa(process.execPath, ['build.ts'], { cwd: new URL('../..', import.meta.url), timeout: 60_000 });
}
