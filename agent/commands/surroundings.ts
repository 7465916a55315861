import type { Clock } from '../clock.ts';
import type { Redactor } from '../redact/redactor.ts';

/** What a command gets of the world; only `main.ts` knows where it comes from. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Knows every secret of the run; whoever learns of one tells it. */
  readonly redactor: Redactor;
  /** Aborted when the program is asked to end. */
  readonly signal: AbortSignal;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** A line on stdout: what the person asked for. */
  readonly print: (line: string) => void;
}
