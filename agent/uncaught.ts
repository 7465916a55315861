import { messageOf } from './errors.ts';
import type { Redactor } from './redact/redactor.ts';

/** Where in Fast-ll's own code. */
const OWN_FRAME = /\b(?:agent|protocol|worker)\/[\w./-]+\.[jt]s:\d+/;

/**
 * Ends the process for what nobody has caught, which is a mistake in Fast-ll: with a sentence, where Node would print
 * the error as it is, secrets and all. What the process has started ends with it.
 *
 * Node tells of rejections that nobody has caught as well, by the same event.
 */
export function endOnUncaught(redactor: Redactor): void {
  process.on('uncaughtException', (error) => {
    const place = OWN_FRAME.exec(error instanceof Error ? (error.stack ?? '') : '')?.[0];
    const sentence = `ended by an error that should not happen: ${messageOf(error)}${place === undefined ? '' : ` (${place})`}`;
    process.stderr.write(`fast-ll: ${redactor.redact(sentence)}\n`);
    process.exit(1);
  });
}
