import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodedQualities, type StreamConfig } from '../config/schema.ts';
import { filterText } from './filter-text.ts';

/**
 * The generated camera: a moving test picture with a wall clock burnt in, once for people and once for machines.
 *
 * The clock for machines is a row of {@link CLOCK_BITS} cells along the lower edge: cell k is white where bit k of the
 * capture time, in milliseconds since 1970, is set. It is read back from pixels, so it measures what a viewer sees.
 */
export const CLOCK_BITS = 32;

/** DejaVu comes through npm: no font of the system is needed. */
const FONT = join(
  dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')),
  'ttf/DejaVuSansMono-Bold.ttf',
);

/** @param font a file with one, whatever its path */
export function testPicture(
  stream: StreamConfig,
  font = FONT,
): { readonly input: string; readonly filters: readonly string[] } {
  const width = Math.max(...encodedQualities(stream).map(({ targetWidth }) => targetWidth));
  const height = 2 * Math.round((width * 9) / 32);
  return {
    // `realtime` paces the frames; without it they would come as fast as they can be drawn. `settb`, because the wall
    // clock is rounded to the source's time base, which would be a whole frame.
    input: `testsrc2=size=${width}x${height}:rate=${stream.targetFps},realtime,settb=1/1000`,
    filters: [clockForPeople(height, font), ...clockForMachines(width, height)],
  };
}

function clockForPeople(height: number, font: string): string {
  const size = Math.round(height / 9);
  const time = String.raw`%{pts\:gmtime\:0\:%Y-%m-%d %H\\\:%M\\\:%S}.%{eif\:mod(t*1000\,1000)\:d\:3}Z`;
  const box = `box=1:boxcolor=black@0.6:boxborderw=${Math.round(size / 4)}`;
  return `drawtext=fontfile=${filterText(font)}:text='${time}':fontsize=${size}:fontcolor=white:${box}:x=(w-text_w)/2:y=h*0.12`;
}

function clockForMachines(width: number, height: number): string[] {
  const cell = width / CLOCK_BITS;
  const y = height - Math.max(8, 2 * Math.round(height / 40));
  const strip = `drawbox=x=0:y=${y}:w=${width}:h=${height - y}:color=black:t=fill`;
  const cells = Array.from({ length: CLOCK_BITS }, (_, bit) => {
    const x = Math.round(bit * cell);
    const on = `enable='mod(floor(floor(t*1000+0.5)/${2 ** bit}),2)'`;
    return `drawbox=x=${x}:y=${y}:w=${Math.round((bit + 1) * cell) - x}:h=${height - y}:color=white:t=fill:${on}`;
  });
  return [strip, ...cells];
}
