import { seconds } from '../../protocol/units.ts';
import { monthlyBill, perCameraDay, perViewerHour, shareOfFreePlan } from './bill.ts';
import { WAYS, type Deployment } from './deployment.ts';
import { holdsUpTo, LIMITS, nearestLimit, representationsPerIsolate } from './limits.ts';
import { audienceHour, cameraHour, readersOf } from './usage.ts';
import { DATA_CENTRES } from './prices.ts';
import { count, money } from './words.ts';

/** The tables of docs/scale.md, computed: `npm run scale` writes them between the marks that name them. */
const CAMERA: Deployment = {
  cameras: 1,
  viewers: 1,
  hours: 24,
  watched: 1,
  alwaysOn: false,
  qualities: 1,
  bitrate: 2000,
  segmentDuration: seconds(1),
  timeShift: seconds(30),
  dataCentres: DATA_CENTRES,
};
const AUDIENCES = [10, 1000, 100_000, 10_000_000];
/** Of each camera, where an audience is spread over many. */
const SPREAD = 100;
const SECONDS_PER_HOUR = 3600;

const TABLES: Readonly<Record<string, () => string>> = {
  'one camera': () => audiences((viewers) => ({ ...CAMERA, viewers })),
  'many cameras': () =>
    audiences(
      (viewers) => ({ ...CAMERA, viewers, cameras: Math.ceil(viewers / SPREAD) }),
      ['cameras', ({ cameras }) => count(cameras)],
    ),
  limits: () =>
    table(
      ['limit', ...WAYS.map((way) => `viewers of one camera, \`${way}\``)],
      LIMITS.map((limit) => [limit.name, ...WAYS.map((way) => count(holdsUpTo(limit, CAMERA, way)))]),
    ),
  durations: () =>
    table(
      [
        '`segmentDuration`',
        '`timeShift`',
        'GB-s an hour',
        'object requests an hour',
        'a camera-day',
        'free plan: hours a day',
        'qualities in an isolate',
      ],
      [
        [1, 30],
        [1, 4],
        [1, 2],
        [2, 4],
        [4, 4],
        [4, 30],
      ].map(([segmentDuration = 0, timeShift = 0]) => {
        const camera = { ...CAMERA, segmentDuration: seconds(segmentDuration), timeShift: seconds(timeShift) };
        const { gigabyteSeconds, objectRequests } = cameraHour(camera);
        return [
          `${segmentDuration} s`,
          `${timeShift} s`,
          count(gigabyteSeconds),
          count(objectRequests),
          money(perCameraDay(camera)),
          Math.min(24, 24 / shareOfFreePlan(camera, 'direct').share).toFixed(1),
          count(representationsPerIsolate(camera)),
        ];
      }),
    ),
};

/** A text with its tables as they are to be. @throws Error where one is missing */
export function withTables(text: string): string {
  return Object.entries(TABLES).reduce((whole, [name, make]) => {
    const [begin, end] = [`<!-- computed: ${name} -->\n`, '<!-- end -->'];
    const from = whole.indexOf(begin);
    const to = whole.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`expected the marks of the table «${name}»`);
    return `${whole.slice(0, from + begin.length)}\n${make()}\n${whole.slice(to)}`;
  }, text);
}

function audiences(
  of: (viewers: number) => Deployment,
  ...more: readonly (readonly [title: string, cell: (deployment: Deployment) => string])[]
): string {
  return table(
    [
      'viewers',
      ...more.map(([title]) => title),
      '`FAN_OUT`',
      'Worker requests/s',
      'object requests/s',
      'GETs of a segment at its object',
      'a viewer-hour',
      'a month',
      'nearest limit',
    ],
    AUDIENCES.flatMap((viewers) =>
      WAYS.map((way) => {
        const deployment = of(viewers);
        const { cameras } = deployment;
        const [camera, audience] = [cameraHour(deployment), audienceHour(deployment, way)];
        const each = (meter: 'workerRequests' | 'objectRequests'): string =>
          count((cameras * (camera[meter] + audience[meter])) / SECONDS_PER_HOUR);
        const nearest = nearestLimit(deployment, way);
        return [
          count(viewers),
          ...more.map(([, cell]) => cell(deployment)),
          `\`${way}\``,
          each('workerRequests'),
          each('objectRequests'),
          count(readersOf(deployment, way)),
          money(perViewerHour(deployment, way)),
          money(monthlyBill(deployment, way)),
          nearest.share > 1 ? `**${count(nearest.share)} × past**` : `${Math.ceil(nearest.share * 100)} %`,
        ];
      }),
    ),
  );
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
