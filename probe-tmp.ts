import { connect } from 'node:net';
import { once } from 'node:events';
import { startEmbeddedEdge } from './agent/embedded-edge.ts';
import { milliseconds, seconds } from './protocol/units.ts';
import WebSocketUndici from 'undici';
const { WebSocket, request } = WebSocketUndici as any;
const edge = await startEmbeddedEdge({ host: '127.0.0.1', port: 0, https: undefined, secret: 'a secret for the tests of Fast-ll', playback: 'token', timeDisplacement: seconds(0), waitForAbsentSegment: true, now: () => milliseconds(Date.now()), onError: (m) => console.log('edge says', m) });
console.log(edge.url.href);
const token = await edge.token('publish', '*', seconds(1000));
const headers = { authorization: `Bearer ${token}` };
const description = { title: 'T', segmentDuration: 10, fragmentDuration: 0.1, targetLatency: 0.5, timeShift: 30, serverSideRepresentationSwitching: false, public: false,
 tracks: [{ kind: 'video', representations: [{ id: '0', codecs: 'avc1.64001f', bandwidth: 1000000, width: 640, height: 360, frameRate: 25 }] }] };
const ws = new WebSocket(new URL(`/api/streams/cam/agent?token=${token}`, edge.url.href.replace('http', 'ws')), { headers });
await once(ws as any, 'open').catch(async () => { });
ws.send(JSON.stringify({ type: 'announce', description })); ws.send(JSON.stringify({ type: 'state', state: 'live' }));
const m = await request(new URL('/cam/manifest.mpd', edge.url), { headers });
console.log(m.statusCode, (await m.body.text()).length);
const port = Number(edge.url.port);
async function scenario(name: string, cut: (socket: any) => void, head: string, pieces: string[]) {
  const n = Math.floor(Date.now() / 10000) - (scenario as any).i++;
  const url = new URL(`/cam/chunk-stream0-${n}.m4s`, edge.url);
  const socket = connect(port, '127.0.0.1'); await once(socket, 'connect');
  let answer = ''; socket.on('data', (d) => answer += d); socket.on('error', () => {});
  socket.write(`PUT ${url.pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nfastll-writer: a\r\n${head}\r\n\r\n`);
  socket.write(pieces[0]!);
  await new Promise(r => setTimeout(r, 100));
  const get = await request(url, { headers });
  let got = ''; const t0 = Date.now();
  const end = (async () => { for await (const c of get.body) got += c; return 'END'; })().catch((e) => 'FAIL ' + e.message).then(r => r + ' after ' + (Date.now() - t0));
  for (const p of pieces.slice(1)) { socket.write(p); await new Promise(r => setTimeout(r, 50)); }
  cut(socket);
  console.log(name, 'got', JSON.stringify(got), await end, 'answer', JSON.stringify(answer.slice(0, 20)));
  const again = await request(url, { headers }); console.log('   later', again.statusCode, await again.body.text());
}
(scenario as any).i = 0;
const C = 'Transfer-Encoding: chunked';
await scenario('destroy between chunks', (s) => s.destroy(), C, ['3\r\none\r\n', '3\r\ntwo\r\n']);
await scenario('reset between chunks', (s) => s.resetAndDestroy(), C, ['3\r\none\r\n', '3\r\ntwo\r\n']);
await scenario('destroy mid chunk', (s) => s.destroy(), C, ['3\r\none\r\n', '8\r\ntwo']);
await scenario('half-close', (s) => s.end(), C, ['3\r\none\r\n', '3\r\ntwo\r\n']);
await scenario('content-length cut', (s) => s.destroy(), 'Content-Length: 100', ['one', 'two']);
await scenario('proper end', (s) => s.write('0\r\n\r\n'), C, ['3\r\none\r\n', '3\r\ntwo\r\n']);
await edge.close(); process.exit();
