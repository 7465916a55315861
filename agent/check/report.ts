import type { Finding, Level } from './finding.ts';

/** How findings are told. Pure. */
export const MARKS: Readonly<Record<Level, string>> = { fine: '✔', warning: '!', broken: '✘' };

const SEVERITY: readonly Level[] = ['fine', 'warning', 'broken'];

/** The worst of some findings. */
export const worstOf = (findings: readonly Finding[]): Level =>
  SEVERITY.findLast((level) => findings.some((finding) => finding.level === level)) ?? 'fine';

/**
 * A line for each finding, and one that sums up.
 * @param options.width of the terminal, so that long lines stay in their column; undefined leaves them whole
 */
export function textReport(
  findings: readonly Finding[],
  options: { readonly width: number | undefined; readonly paint: (level: Level, text: string) => string },
): string {
  const column = Math.max(...findings.map(({ subject }) => subject.length), 0);
  const indent = column + 4;
  const lines = findings.map(({ level, subject, message }) => {
    const text = wrapped(message, options.width === undefined ? Infinity : options.width - indent);
    const first = `${options.paint(level, MARKS[level])} ${subject.padEnd(column)}  ${text[0] ?? ''}`;
    return [first, ...text.slice(1).map((line) => ' '.repeat(indent) + line)].join('\n');
  });
  return [...lines, '', options.paint(worstOf(findings), summaryOf(findings))].join('\n');
}

/** One document. */
export const jsonReport = (findings: readonly Finding[], version: string): string =>
  JSON.stringify({ version, ok: worstOf(findings) !== 'broken', findings }, null, 2);

function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const things = (number: number): string => (number === 1 ? '1 thing' : `${number} things`);
  const [broken, warnings] = [count('broken'), count('warning')];
  if (broken === 0) return warnings === 0 ? 'All is well.' : `It works, and ${things(warnings)} could be better.`;
  const better = warnings === 0 ? '' : `, ${warnings} could be better`;
  return `${things(broken)} ${broken === 1 ? 'is' : 'are'} broken${better}.`;
}

/** A terminal narrower than this wraps by itself. */
const MIN_WIDTH = 30;

function wrapped(text: string, width: number): string[] {
  if (width < MIN_WIDTH) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
