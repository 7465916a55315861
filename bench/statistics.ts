/**
 * What `saveStats` costs where an edge has as many figures as it keeps: for how long the agent's loop, which carries
 * frames, stands still while the file is written, and how late the edge answers others.
 */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../agent/clock.ts';
import { SummaryFile } from '../agent/statistics/summary-file.ts';
import { connections } from '../agent/upload/edge.ts';
import type { StreamName } from '../protocol/names.ts';
import { pino } from 'pino';
import { fastLl } from './relay-targets.ts';

const STREAM = 'cam' as StreamName;
const CLIENTS = 200;
const ROWS = 100_000;
/** In 10 s. */
const NEW = 2000;

const target = await fastLl();
const agent = new WebSocket(
  new URL(`/api/streams/${STREAM}/agent?token=${tokenOf(target.headers)}`, target.url.href.replace(/^http/, 'ws')),
);
await once(agent, 'open');
agent.send(
  JSON.stringify({
    type: 'announce',
    description: {
      ...{ title: 'Figures', segmentDuration: 1, fragmentDuration: 0.1, targetLatency: 0.5, timeShift: 30 },
      tracks: [
        {
          kind: 'video',
          representations: [{ id: '0', codecs: 'avc1.64001f', bandwidth: 2e6, width: 640, height: 360, frameRate: 25 }],
        },
      ],
      ...{ serverSideRepresentationSwitching: false, public: true, saveStats: true },
    },
  }),
);
agent.send(JSON.stringify({ type: 'state', state: 'live' }));

// The first makes the table. The others are written where workerd has it: asking for them takes minutes.
const path = `/${STREAM}-first/chunk-stream0-${Math.floor(Date.now() / 1000) - 5}.m4s`;
await (await fetch(new URL(path, target.url))).text();
// It is counted behind the answer.
await new Promise((resolve) => setTimeout(resolve, 1000));
const database = databaseOf(target.pid);
const insert = database.prepare('INSERT INTO requests (client, figures) VALUES (?, ?)');
function ask(times: number): void {
  database.exec('BEGIN');
  for (let row = 0; row < times; row += 1) {
    const figures = { time: Date.now() + row, delta: 1000, jitter: row % 17, clients: CLIENTS };
    insert.run(`client${row % CLIENTS}`, JSON.stringify({ ...figures, latency: 420, buffer: 1200, bitrate: 2000 }));
  }
  database.exec('COMMIT');
}

const folder = await mkdtemp(join(tmpdir(), 'fast-ll-'));
const file = join(folder, 'summary.csv');
const edge = { base: target.url, ...connections(), token: () => Promise.resolve(tokenOf(target.headers)) };
const other = new Worker(
  `const { parentPort, workerData } = require('node:worker_threads');
  let most = 0, over = false;
  parentPort.on('message', () => (over = true));
  (async () => {
    while (!over) {
      const asked = performance.now();
      await (await fetch(workerData)).text();
      most = Math.max(most, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    parentPort.postMessage(most);
    parentPort.close();
  })();`,
  { eval: true, workerData: new URL('/isotime', target.url).href },
);
await new Promise((resolve) => setTimeout(resolve, 500));
const log = pino({ level: 'silent' });
const summary = new SummaryFile({ path: file, stream: STREAM, edge, clock: systemClock, log });
const delay = monitorEventLoopDelay({ resolution: 1 });
for (const [what, times] of [
  ['all there was', ROWS - NEW],
  ['what was new', NEW],
] as const) {
  ask(times);
  delay.enable();
  delay.reset();
  const begun = performance.now();
  await summary.finish();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const took = performance.now() - begun;
  delay.disable();
  console.info(
    `${what}: ${(await stat(file)).size} bytes in ${took.toFixed(0)} ms; the loop stood still for ${(delay.max / 1e6).toFixed(0)} ms`,
  );
}
// oxlint-disable-next-line require-post-message-target-origin -- a thread of ours has no origin
other.postMessage('over');
const [most] = (await once(other, 'message')) as [number];
console.info(`the edge answered others after ${most.toFixed(0)} ms at most`);
database.close();
agent.close();
await target.close();
await rm(folder, { recursive: true });
process.exit();

/** Of the Stream object, by the files that workerd has open. */
function databaseOf(workerd: number | undefined): DatabaseSync {
  const open = `/proc/${workerd}/fd`;
  const files = readdirSync(open).map((descriptor) => readlinkSync(join(open, descriptor)));
  return new DatabaseSync(files.find((one) => /\/fast-ll-Stream\/[0-9a-f]{64}\.sqlite$/.test(one)) ?? '');
}

function tokenOf({ authorization }: Readonly<Record<string, string>>): string {
  return (authorization ?? '').replace('Bearer ', '');
}
