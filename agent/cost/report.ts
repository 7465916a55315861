import type { Deployment } from './deployment.ts';
import type { Estimate, WayEstimate } from './estimate.ts';
import { count, money, share } from './words.ts';

/** An estimate for people at a terminal. */
const LABEL_WIDTH = 34;
const COLUMN_WIDTH = 16;

const ROWS: readonly (readonly [label: string, cell: (way: WayEstimate) => string])[] = [
  ['a month', ({ dollarsPerMonth }) => money(dollarsPerMonth)],
  ['  and errors logged, at most', ({ logs }) => money(logs.atMost)],
  ['  every call logged: more by', ({ logs }) => money(logs.ofAllCalls)],
  ['a viewer for an hour', ({ dollarsPerViewerHour }) => money(dollarsPerViewerHour)],
  ['Worker requests a day', ({ daily }) => count(daily.workerRequests)],
  ['object requests a day', ({ daily }) => count(daily.objectRequests)],
  ['object GB-s a day', ({ daily }) => count(daily.gigabyteSeconds)],
  ['processor seconds a day', ({ daily }) => count(daily.cpuMilliseconds / 1000)],
  [
    'viewers of one camera, at most',
    ({ viewersPerCamera }) => (viewersPerCamera === null ? 'any' : count(viewersPerCamera)),
  ],
  ['of the free plan', ({ freePlan }) => share(freePlan.share)],
];

export function report(estimate: Estimate): string[] {
  const { direct, cache } = estimate;
  return [
    ...describe(estimate.deployment),
    '',
    row('Cloudflare, with FAN_OUT =', 'direct', 'cache'),
    ...ROWS.map(([label, cell]) => row(label, cell(direct), cell(cache))),
    '',
    `A camera round the clock is ${money(estimate.dollarsPerCameraDay)} a day. Traffic is not charged.`,
    ...warnings('direct', direct),
    ...warnings('cache', cache),
    ...levers(estimate),
    '',
    'How this is counted, and what each limit means: docs/scale.md',
  ];
}

function describe(deployment: Deployment): string[] {
  const { cameras, watched, alwaysOn, viewers, hours, qualities, bitrate, segmentDuration, timeShift } = deployment;
  const running = alwaysOn
    ? 'always on'
    : watched === 1
      ? 'on while watched'
      : `on while watched, ${share(watched)} are`;
  return [
    `${cameras} camera${cameras === 1 ? '' : 's'} (${running}), ${count(viewers)} viewer${viewers === 1 ? '' : 's'} ${hours} h a day`,
    `${qualities === 1 ? 'one quality' : `${qualities} qualities`} of ${bitrate} kbit/s, segments of ${segmentDuration} s, time shift ${timeShift} s`,
  ];
}

function warnings(name: string, { nearestLimit, freePlan }: WayEstimate): string[] {
  const past = nearestLimit.share > 1 ? [`${name}: ${nearestLimit.name}: ${count(nearestLimit.share)} times that`] : [];
  return freePlan.share <= 1 ? [...past, `${name}: the free plan is enough`] : past;
}

function levers({ levers: all }: Estimate): string[] {
  if (all.length === 0) return [];
  return ['', 'Cheaper:', ...all.map(({ change, saves }) => row(`  ${change}`, `−${money(saves)} a month`))];
}

const row = (label: string, ...cells: readonly string[]): string =>
  (label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('')).trimEnd();
