#!/usr/bin/env node
/**
 * Stands in FFmpeg's place and costs next to nothing: sends a recorded second (the last GOP of RECORDING, an FLV file) again
 * and again into the pipe, each frame when its time has come. Where it is asked what it is, the real one answers.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';

const { RECORDING = '', REAL_FFMPEG = 'ffmpeg' } = process.env;
const args = process.argv.slice(2);
if (!args.includes('-filter_complex')) {
  const { status } = spawnSync(REAL_FFMPEG, args, { stdio: 'inherit' });
  process.exit(status ?? 1);
}
/** What times in the pipe count from: it stands in the filter that sets them. */
const base = Number(/PTS-(\d+)\/TB/.exec(args.join(' '))?.[1]);
const PIPE = 3;

/** Tags of the file, each with the size of the one before it at its end. */
const file = readFileSync(RECORDING);
const tags = [];
for (let at = 13; at + 11 < file.length;) {
  const size = 11 + file.readUIntBE(at + 1, 3) + 4;
  tags.push(file.subarray(at, at + size));
  at += size;
}
const isVideo = (tag) => tag[0] === 9;
const config = tags.find((tag) => isVideo(tag) && tag[12] === 0);
const all = tags.filter((tag) => isVideo(tag) && tag[12] === 1);
const frames = all.slice(all.findLastIndex((tag) => tag[11] >> 4 === 1));
writeSync(PIPE, Buffer.concat([file.subarray(0, 13), config]));

let second = Math.ceil(Date.now() / 1000);
let index = 0;
function next() {
  const due = 1000 * (second + index / frames.length);
  setTimeout(
    () => {
      const tag = Buffer.from(frames[index]);
      const time = Math.round(due - 1000 * base);
      tag.writeUIntBE(time & 0xffffff, 4, 3);
      tag[7] = (time >>> 24) & 0x7f;
      try {
        for (let written = 0; written < tag.length;) written += writeSync(PIPE, tag, written);
      } catch {
        // Whoever reads it is gone.
        process.exit(0);
      }
      index = (index + 1) % frames.length;
      if (index === 0) second += 1;
      next();
    },
    Math.max(0, due - Date.now()),
  );
}
next();
