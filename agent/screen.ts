import { createLogUpdate } from 'log-update';
import type { CameraStatus } from './camera/status.ts';

const REFRESH_MS = 500;

/** A table of all cameras that stays at the foot of the terminal, and lines that scroll by above it. */
export class Screen {
  readonly #update = createLogUpdate(process.stdout);
  readonly #statuses: () => readonly CameraStatus[];
  readonly #timer: NodeJS.Timeout;

  /** @param signal takes the table away */
  constructor(statuses: () => readonly CameraStatus[], signal: AbortSignal) {
    this.#statuses = statuses;
    this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
    signal.addEventListener('abort', () => this.#end(), { once: true });
  }

  /** A line above the table. */
  print(line: string): void {
    this.#update.clear();
    process.stdout.write(line);
    this.#draw();
  }

  #draw(): void {
    this.#update(table(this.#statuses()).join('\n'));
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#update.done();
  }
}

const COLUMNS: readonly { readonly title: string; readonly cell: (status: CameraStatus) => string }[] = [
  { title: 'stream', cell: ({ stream }) => stream },
  { title: 'state', cell: ({ state }) => state },
  { title: 'fps', cell: ({ framesPerSecond }) => framesPerSecond.toFixed(1) },
  { title: 'kbit/s', cell: ({ kbps }) => kbps.toFixed(0) },
  { title: 'newest frame', cell: ({ newestFrameAge }) => inMilliseconds(newestFrameAge) },
  { title: 'PUT round trip', cell: ({ putRoundTrip }) => inMilliseconds(putRoundTrip) },
  { title: 'viewers', cell: ({ viewers }) => String(viewers) },
  { title: 'restarts', cell: ({ restarts }) => String(restarts) },
  { title: 'dropped', cell: ({ dropped }) => String(dropped) },
  { title: '', cell: ({ detail }) => detail ?? '' },
];

/** Lines of text, columns aligned. Pure. */
export function table(statuses: readonly CameraStatus[]): string[] {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...statuses.map((status) => COLUMNS.map(({ cell }) => cell(status))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const inMilliseconds = (value: number | undefined): string => (value === undefined ? '–' : `${Math.round(value)} ms`);
