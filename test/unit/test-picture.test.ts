/** The generated camera's filters, given to a real FFmpeg. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import installer from '@ffmpeg-installer/ffmpeg';
import { afterAll, expect, test } from 'vitest';
import { streamsSchema } from '../../agent/config/schema.ts';
import { testPicture } from '../../agent/ffmpeg/test-picture.ts';

const FONT = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSansMono-Bold.ttf');
const folder = mkdtempSync(join(tmpdir(), 'fast-ll-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [stream] = streamsSchema.parse([
  { name: '', stream: 'demo', type: 'GEN', qualities: { video: [{ targetWidth: 320, targetBitrate: 200 }] } },
]);

test.for([
  "the neighbour's cameras",
  String.raw`a\b\'c`,
  'C:\\Users',
  '[in] a, list; of: things=1',
  '100 %{pts} $HOME `x` "quoted"',
  'Wörter — 相机',
])('the clock is drawn wherever Fast-ll lies: %s', (name) => {
  mkdirSync(join(folder, name));
  const font = join(folder, name, 'font.ttf');
  copyFileSync(FONT, font);
  const { input, filters } = testPicture(stream!, font);
  const args = ['-v', 'error', '-f', 'lavfi', '-i', input, '-filter_complex', filters.join(','), '-frames:v', '1'];
  const { status, stderr } = spawnSync(installer.path, [...args, '-f', 'null', '-']);
  expect([stderr.toString(), status]).toEqual(['', 0]);
});
