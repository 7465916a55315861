import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Redactor } from './redact/redactor.ts';

/** The agent's log, on stderr: lines for people, or JSON for machines. Nothing secret gets past it. */
export function createLog(options: {
  readonly verbose: boolean;
  readonly json: boolean;
  readonly redactor: Redactor;
  /** Where lines for people go instead of stderr: above the live table. */
  readonly screen?: ((line: string) => void) | undefined;
}): Logger {
  const people = pretty({
    colorize: process.stderr.isTTY,
    translateTime: "SYS:yyyy-mm-dd'T'HH:MM:ss.l",
    ignore: 'pid,hostname',
    singleLine: true,
    destination: options.screen === undefined ? 2 : lineWriter(options.screen),
    sync: true,
  });
  return pino(
    {
      level: options.verbose ? 'debug' : 'info',
      base: null,
      hooks: {
        logMethod(args, log) {
          log.apply(this, args.map((arg) => options.redactor.clean(arg)) as typeof args);
        },
      },
    },
    options.json ? pino.destination({ dest: 2, sync: true }) : people,
  );
}

const lineWriter = (write: (line: string) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _, done) {
      write(chunk.toString());
      done();
    },
  });
