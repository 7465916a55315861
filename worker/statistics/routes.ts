import { requestFiguresSchema, requestsCsv } from '../../protocol/statistics.ts';
import type { StreamName } from '../../protocol/names.ts';
import { secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import { demand, playbackIsOpen } from '../auth.ts';
import type { EdgeContext } from '../env.ts';
import { ProblemError } from '../errors.ts';
import { knownSnapshotOf } from '../stream/known.ts';
import { streamOf } from '../stream/stub.ts';
import type { TablePage } from './table.ts';

const HEADERS = { 'cache-control': 'no-store' };

/**
 * `GET /api/streams/{stream}/stats`: JSON, or CSV with `?format=csv` or where `Accept` asks for it; with `?after=` only
 * what is new.
 */
export async function showStatistics(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  // Who watches is the owner's affair, but where everyone may do everything.
  if (!playbackIsOpen(c.env)) await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  await demandKnown(c, stream, now);
  const after = c.req.query('after');
  if (after !== undefined) return json(pageJson(await streamOf(c.env, stream).statisticsPage(after)));
  const clients = await figuresByClient(c, stream);
  const csv = c.req.query('format') === 'csv' || c.req.header('accept')?.startsWith('text/csv') === true;
  if (!csv) return json(statisticsJson(stream, clients));
  return new Response(inPieces(statisticsCsv(clients)), {
    headers: { ...HEADERS, 'content-type': 'text/csv; charset=utf-8' },
  });
}

/** `DELETE /api/streams/{stream}/stats`: begins anew. */
export async function clearStatistics(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<Response> {
  await demand('publish', stream, c.req.raw, c.env, secondsOfMilliseconds(now));
  await demandKnown(c, stream, now);
  await streamOf(c.env, stream).clearStatistics();
  return c.body(null, 204);
}

async function demandKnown(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<void> {
  const { kind } = await knownSnapshotOf(c, stream, now);
  if (kind === 'unknown') throw new ProblemError({ kind: 'no such stream' });
}

/** Of each client, its requests as JSON. */
type Figures = ReadonlyMap<string, readonly string[]>;

/** Page by page, and as the texts they are kept as: whoever else asks the object waits for no more than one page. */
async function figuresByClient(c: EdgeContext, stream: StreamName): Promise<Figures> {
  const byClient = new Map<string, string[]>();
  for (let mark = '', more = true; more;) {
    const page: TablePage = await streamOf(c.env, stream).statisticsPage(mark);
    // Cleared meanwhile.
    if (page.first) byClient.clear();
    for (const { client, figures } of page.rows) {
      const requests = byClient.get(client);
      if (requests === undefined) byClient.set(client, [figures]);
      else requests.push(figures);
    }
    ({ mark, more } = page);
  }
  return byClient;
}

function* pageJson({ rows, first, more, mark }: TablePage): Generator<string> {
  const requests = rows.map(({ client, figures }) => `{"client":${JSON.stringify(client)},${figures.slice(1)}`);
  yield `{"requests":[${requests.join(',')}],"first":${first},"more":${more},"mark":"${mark}"}`;
}

function* statisticsJson(stream: StreamName, clients: Figures): Generator<string> {
  yield `{"stream":${JSON.stringify(stream)},"clients":[`;
  let comma = '';
  for (const [client, requests] of clients) {
    yield `${comma}{"client":${JSON.stringify(client)},"requests":[${requests.join(',')}]}`;
    comma = ',';
  }
  yield ']}';
}

const statisticsCsv = (clients: Figures): Generator<string> =>
  requestsCsv(
    clients.entries().map(([client, texts]) => ({
      client,
      requests: texts.map((text) => requestFiguresSchema.parse(JSON.parse(text))),
    })),
  );

const json = (pieces: Generator<string>): Response =>
  new Response(inPieces(pieces), { headers: { ...HEADERS, 'content-type': 'application/json' } });

/** Each is made when the one before has been taken. */
function inPieces(pieces: Generator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}
