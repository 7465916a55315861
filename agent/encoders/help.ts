import type { EncoderOptions } from './encoder.ts';

/**
 * What FFmpeg prints for `-h encoder=h264_nvenc`: with it an option is given only to a build that knows it. Undefined where
 * it knows no such encoder.
 *
 *     h264_nvenc AVOptions:
 *       -preset            <int>        E..V....... Set the encoding preset (from 0 to 18) (default p4)
 *          p1              12           E..V....... fastest (lowest quality)
 */
export function encoderOptions(help: string): EncoderOptions | undefined {
  if (!/^Encoder h264_/m.test(help)) return undefined;
  const options = new Map<string, Set<string>>();
  let values = new Set<string>();
  for (const line of help.split('\n')) {
    const [, option] = /^ {1,4}-([\w-]+) +</.exec(line) ?? [];
    if (option !== undefined) {
      values = new Set();
      options.set(option, values);
    } else {
      const [, value] = /^ {5,}([\w.-]+) /.exec(line) ?? [];
      if (value !== undefined) values.add(value);
    }
  }
  return options;
}
