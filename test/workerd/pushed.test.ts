/** A stream that a foreign encoder pushes: FFmpeg's dash muxer, Shaka Packager, GPAC, CMAF ingest. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { segmentNumber, type RepresentationId } from '../../protocol/names.ts';
import {
  Agent,
  anything,
  ask,
  askEdgeWith,
  bearer,
  DESCRIPTION,
  exists,
  initSegment,
  liveStream,
  newName,
  passTime,
  pending,
  placeOf,
  pushedStream,
  Put,
  putWhole,
  streamOf,
  token,
  until,
  untilExists,
  Viewer,
  watching,
} from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

interface Streams {
  readonly streams: readonly { readonly stream: string }[];
}

/** As FFmpeg's dash muxer writes it, but for what does not matter here. */
const MANIFEST = `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" minimumUpdatePeriod="PT500S" maxSegmentDuration="PT2.0S">
\t<Period id="0" start="PT0.0S">
\t\t<AdaptationSet id="0" contentType="video">
\t\t\t<Representation id="0" mimeType="video/mp4" codecs="avc1.64001e" bandwidth="500000" width="640" height="360">
\t\t\t\t<SegmentTemplate timescale="1000000" duration="2000000" availabilityTimeOffset="1.960"
 initialization="init-stream$RepresentationID$.m4s" media="chunk-stream$RepresentationID$-$Number%05d$.m4s"/>
\t\t\t</Representation>
\t\t</AdaptationSet>
\t</Period>
</MPD>
`;

const push = (path: string, body: BodyInit, method = 'PUT'): Promise<Response> =>
  ask(path, { method, headers: anything, body });

describe.for(['PUT', 'POST'])('what is sent with %s', (method) => {
  test('is served as it is: manifest, init segment, segments', async () => {
    const name = newName();
    expect((await push(`/${name}/manifest.mpd`, MANIFEST, method)).status).toBe(201);
    expect((await push(`/${name}/init-stream0.m4s`, initSegment(7), method)).status).toBe(201);
    expect((await push(`/${name}/chunk-stream0-00001.m4s`, 'one ', method)).status).toBe(201);

    const manifest = await askEdgeWith({ PLAYBACK: 'open' }, `/${name}/manifest.mpd`);
    expect(manifest.headers.get('content-type')).toBe('application/dash+xml');
    expect(await manifest.text()).toBe(MANIFEST);
    const init = await ask(`/${name}/init-stream0.m4s`, { headers: watching });
    expect(await init.bytes()).toEqual(initSegment(7));
    // Leading zeros are those of the encoder; the number is the same.
    for (const number of ['1', '00001']) {
      expect(await (await Viewer.open(`/${name}/chunk-stream0-${number}.m4s`)).whole()).toBe('one ');
    }
  });
});

test('the manifest carries the token it was asked for with into its URLs', async () => {
  const name = newName();
  await push(`/${name}/manifest.mpd`, MANIFEST);
  const jwt = await token('play', name);
  const xml = await (await ask(`/${name}/manifest.mpd?token=${jwt}`)).text();
  expect(xml).toContain(`initialization="init-stream$RepresentationID$.m4s?token=${jwt}"`);
  expect(xml).toContain(`media="chunk-stream$RepresentationID$-$Number%05d$.m4s?token=${jwt}"`);
  expect(xml.replaceAll(`?token=${jwt}`, '')).toBe(MANIFEST);
});

test('a token that came in a header is in no answer, and one that came in the URL is the one that returns', async () => {
  const name = newName();
  await push(`/${name}/manifest.mpd`, MANIFEST);
  const [inHeader, inUrl] = [await token('play', name), await token('play', '*')];
  expect(await (await ask(`/${name}/manifest.mpd`, { headers: bearer(inHeader) })).text()).toBe(MANIFEST);
  const both = await ask(`/${name}/manifest.mpd?token=${inUrl}`, { headers: bearer(inHeader) });
  const xml = await both.text();
  expect(xml).toContain(inUrl);
  expect(xml).not.toContain(inHeader);
});

test('its manifest is the last that was sent', async () => {
  const name = newName();
  await push(`/${name}/manifest.mpd`, MANIFEST);
  const second = MANIFEST.replace('PT500S', 'PT10S');
  await push(`/${name}/manifest.mpd`, second);
  expect(await (await askEdgeWith({ PLAYBACK: 'open' }, `/${name}/manifest.mpd`)).text()).toBe(second);
});

test('who asks for the manifest between the init segment and the manifest waits for it', async () => {
  const name = newName();
  await push(`/${name}/init-stream0.m4s`, initSegment());
  const waiting = ask(`/${name}/manifest.mpd`, { headers: watching });
  // Another request to the same object, so that the first one is there.
  await streamOf(name).snapshot();
  expect(await pending(waiting)).toBe(true);
  await push(`/${name}/manifest.mpd`, MANIFEST);
  expect((await waiting).status).toBe(200);
});

test('it is listed with the others', async () => {
  const name = await pushedStream();
  let entry: unknown;
  await until(async () => {
    const { streams } = await (await ask('/api/streams', { headers: watching })).json<Streams>();
    entry = streams.find(({ stream }) => stream === name);
    return entry !== undefined;
  });
  expect(entry).toEqual({ stream: name, title: name, state: 'pushed', representations: [] });
});

test('what is asked of it again and again is small, however large its manifest', async () => {
  const name = newName();
  await push(`/${name}/manifest.mpd`, `${MANIFEST}<!-- ${'x'.repeat(200_000)} -->`);
  const snapshot = await streamOf(name).snapshot();
  expect(snapshot).toEqual({ kind: 'pushed', newest: {}, segmentDuration: 2 });
});

describe('the manifest of a stream that an agent has announced', () => {
  test('is none that one could push, and why is said', async () => {
    const { name } = await liveStream();
    const path = `/${name}/manifest.mpd`;
    for (const method of ['PUT', 'POST']) {
      const refused = await push(path, MANIFEST, method);
      expect(refused.status).toBe(409);
      expect(await refused.json()).toEqual({
        error:
          'expected a stream that no agent has announced: DELETE its manifest to push another, got one whose manifest the edge makes',
      });
    }
    expect(await (await ask(path, { headers: watching })).text()).toContain('Front door');
    expect((await ask(path, { method: 'DELETE', headers: anything })).status).toBe(204);
    expect((await push(path, MANIFEST)).status).toBe(201);
  });

  test('takes the place of one that was pushed before', async () => {
    const name = await pushedStream();
    const agent = await Agent.connect(name);
    agent.announce(DESCRIPTION);
    agent.say('live');
    await until(async () =>
      (await (await ask(`/${name}/manifest.mpd`, { headers: watching })).text()).includes('Front'),
    );
  });
});

test('its segments are held and passed on fragment by fragment like any others', async () => {
  const name = await pushedStream();
  await putWhole(placeOf(name, 41).path, 'the one before');
  const { path, object } = placeOf(name, 42);
  const early = Viewer.open(path);
  await untilExists(object);
  const put = new Put(path);
  const viewer = await early;
  for (const sent of ['one ', 'one two ']) {
    await put.write(sent.slice(-4));
    await viewer.receives(sent);
  }
  await put.end();
  expect(await viewer.whole()).toBe('one two ');
});

test('a segment that does not come is waited for as long as its manifest says one takes, and two seconds', async () => {
  const name = newName();
  await push(`/${name}/manifest.mpd`, MANIFEST);
  await streamOf(name).observe('0' as RepresentationId, segmentNumber(1));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { path, object } = placeOf(name, 3);
  const waiting = ask(path, { headers: watching });
  await until(() => vi.getTimerCount() > 0);
  await passTime(object, 3999);
  expect(await pending(waiting)).toBe(true);
  await passTime(object, 1);
  expect((await waiting).status).toBe(404);
});

test('a number too far from those that were pushed is none, and makes no object', async () => {
  const name = await pushedStream();
  await putWhole(placeOf(name, 5000).path, 'one ');
  for (const [number, representation] of [
    [5011, '0'],
    [3999, '0'],
    [999_999_999_999_999, '0'],
    [5000, '1'],
  ] as const) {
    const { path, object } = placeOf(name, number, representation);
    const response = await ask(path, { headers: watching });
    expect(response.status, path).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await exists(object), path).toBe(false);
  }
});

test('a number that has just become possible is asked for at once', async () => {
  const name = await pushedStream();
  await putWhole(placeOf(name, 1).path, 'one ');
  // So that the edge has an older idea of the stream at hand.
  await (await ask(placeOf(name, 1).path, { headers: watching })).bytes();
  await putWhole(placeOf(name, 500).path, 'far ahead');
  expect(await (await Viewer.open(placeOf(name, 500).path)).whole()).toBe('far ahead');
});

test('when its encoder ends, it deletes what it has sent', async () => {
  const name = await pushedStream();
  const { path } = placeOf(name, 1);
  await putWhole(path, 'one ');
  const files = [path, `/${name}/init-stream0.m4s`, `/${name}/manifest.mpd`];
  for (const file of files) expect((await ask(file, { method: 'DELETE', headers: anything })).status).toBe(204);
  expect((await ask(`/${name}/manifest.mpd`, { headers: watching })).status).toBe(404);
});

test.for<[what: string, body: BodyInit, status: number]>([
  ['nothing', '', 400],
  ['a playlist', '#EXTM3U', 400],
  ['half of one', '<MPD type="dynamic"><Period id="0">', 400],
  ['one that would have players send their tokens elsewhere', '<MPD><UrlQueryInfo useMPDUrlQuery="true"/></MPD>', 400],
  ['larger than any manifest', `<MPD>${' '.repeat(256 * 1024)}</MPD>`, 413],
])('a manifest is refused when it is %s', async ([, body, status]) => {
  const name = newName();
  const response = await push(`/${name}/manifest.mpd`, body);
  expect(response.status).toBe(status);
  expect(await streamOf(name).snapshot()).toEqual({ kind: 'unknown' });
});

test('an encoder may not call itself anything', async () => {
  const { path } = placeOf(await pushedStream(), 1);
  for (const writer of ['', 'a b', 'a/b', 'x'.repeat(65)]) {
    expect((await putWhole(path, 'one ', writer)).status, writer).toBe(400);
  }
});
