import { createLogUpdate } from 'log-update';
import type { Level } from './finding.ts';
import { MARKS } from './report.ts';

/** Tells how far the check is, while it goes on. */
export interface Progress {
  /** There is more to do than was known. */
  expect(more: number): void;
  begin(what: string): void;
  end(what: string, worst: Level): void;
  /** Takes away what must not stay. */
  stop(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** For a terminal: one line that changes, and goes away. @param known how many checks there are */
export function liveProgress(known: number): Progress {
  const update = createLogUpdate(process.stdout);
  const underWay = new Set<string>();
  let total = known;
  let done = 0;
  let frame = 0;
  const draw = (): void => {
    frame = (frame + 1) % FRAMES.length;
    update(`${FRAMES[frame]} ${done} of ${total} checked, now ${[...underWay].join(', ')}`);
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    expect: (more) => {
      total += more;
    },
    begin: (what) => {
      underWay.add(what);
      draw();
    },
    end: (what) => {
      underWay.delete(what);
      done += 1;
    },
    stop: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

/** For a file or a pipe: a line on stderr for each check that is over. */
export const linesOfProgress: Progress = {
  expect: () => {},
  begin: () => {},
  end: (what, worst) => process.stderr.write(`${MARKS[worst]} ${what} checked\n`),
  stop: () => {},
};

export const noProgress: Progress = { expect: () => {}, begin: () => {}, end: () => {}, stop: () => {} };
