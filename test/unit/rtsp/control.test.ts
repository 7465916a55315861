import { describe, expect, it } from 'vitest';
import { basesOf, sessionUrls, trackUrls } from '../../../agent/rtsp/control.ts';
import type { RtspResponse } from '../../../agent/rtsp/message.ts';

const ASKED = 'rtsp://cam.local:8554/live?channel=1';
const answer = (headers: Readonly<Record<string, string>> = {}): RtspResponse => ({
  kind: 'response',
  protocol: 'RTSP',
  status: 200,
  reason: 'OK',
  headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
  body: '',
});

/** Where a track is to be set up, tried in this order. */
function urls(control: string | undefined, headers: Readonly<Record<string, string>> = {}, asked = ASKED): string[] {
  return trackUrls(control, basesOf(answer(headers), asked), asked);
}

describe('a track', () => {
  it.for<[what: string, control: string, base: string, expected: string[]]>([
    [
      'relative to a base with a slash',
      'trackID=1',
      'rtsp://cam/live/',
      [
        'rtsp://cam/live/trackID=1',
        'rtsp://cam.local:8554/live?channel=1/trackID=1',
        'rtsp://cam.local:8554/live/trackID=1?channel=1',
      ],
    ],
    [
      'relative to a base without one: appended, not put in its place',
      'trackID=1',
      'rtsp://cam.local:8554/live?channel=1',
      ['rtsp://cam.local:8554/live?channel=1/trackID=1', 'rtsp://cam.local:8554/live/trackID=1?channel=1'],
    ],
    [
      'behind a slash',
      '/trackID=1',
      'rtsp://cam/a/',
      [
        'rtsp://cam/a/trackID=1',
        'rtsp://cam.local:8554/live?channel=1/trackID=1',
        'rtsp://cam.local:8554/live/trackID=1?channel=1',
        'rtsp://cam.local:8554/trackID=1',
      ],
    ],
    [
      'that is a query',
      '?track=1',
      'rtsp://cam/a/',
      [
        'rtsp://cam/a?track=1',
        'rtsp://cam.local:8554/live?channel=1?track=1',
        'rtsp://cam.local:8554/live?track=1?channel=1',
      ],
    ],
    ['absolute', 'rtsp://cam.local:8554/live/video', 'rtsp://cam/a/', ['rtsp://cam.local:8554/live/video']],
    [
      'absolute, by the name it has on its own network',
      'rtsp://10.0.0.5/live/video',
      '',
      ['rtsp://10.0.0.5/live/video', 'rtsp://cam.local:8554/live/video'],
    ],
    ['absolute, at no address at all', 'rtsp://0.0.0.0:554/live/video', '', ['rtsp://cam.local:8554/live/video']],
    ["absolute, with somebody's password", 'RTSP://admin:p@ss@cam.local:8554/v', '', ['rtsp://cam.local:8554/v']],
    ['the whole', '*', 'rtsp://cam/a/', ['rtsp://cam/a/', ASKED]],
    [
      'with more behind a space',
      'trackID=1 x',
      'rtsp://cam.local:8554/',
      [
        'rtsp://cam.local:8554/trackID=1',
        'rtsp://cam.local:8554/live?channel=1/trackID=1',
        'rtsp://cam.local:8554/live/trackID=1?channel=1',
      ],
    ],
  ])('%s', ([, control, base, expected]) => expect(urls(control, { 'content-base': base })).toEqual(expected));

  it('without a control is the whole', () => expect(urls(undefined)).toEqual([ASKED]));
});

describe('the base', () => {
  it.for<[what: string, headers: Record<string, string>, expected: string[]]>([
    ['is what was asked for, where nothing else is said', {}, [ASKED]],
    [
      'is Content-Base before Content-Location',
      { 'content-location': 'rtsp://b/2', 'content-base': 'rtsp://a/1/' },
      ['rtsp://a/1/', 'rtsp://b/2', ASKED],
    ],
    ['may lack its scheme', { 'content-base': '10.0.0.5:554/live/' }, ['rtsp://10.0.0.5:554/live/', ASKED]],
    ['may lack its host', { 'content-base': '/live/' }, ['rtsp://cam.local:8554/live/', ASKED]],
    ['may name no address', { 'content-base': 'rtsp://0.0.0.0/live/' }, ['rtsp://cam.local:8554/live/', ASKED]],
    ['may have no address', { 'content-base': 'rtsp://:554/live/' }, ['rtsp://cam.local:8554/live/', ASKED]],
    ['may be nonsense', { 'content-base': 'live' }, [ASKED]],
    ['may be empty', { 'content-base': '' }, [ASKED]],
    ['never holds a password', { 'content-base': 'rtsp://u:p@cam/live/' }, ['rtsp://cam/live/', ASKED]],
  ])('%s', ([, headers, expected]) => expect(basesOf(answer(headers), ASKED)).toEqual(expected));
});

describe('all tracks together', () => {
  const all = (control: string | undefined, headers = {}): string[] =>
    sessionUrls({ control, media: [] }, basesOf(answer(headers), ASKED), ASKED);

  it('are the base', () => {
    expect(all('*', { 'content-base': 'rtsp://cam/a/' })).toEqual(['rtsp://cam/a/', ASKED]);
    expect(all(undefined)).toEqual([ASKED]);
  });
  it('are what the description calls them', () => {
    expect(all('rtsp://cam.local:8554/all')).toEqual(['rtsp://cam.local:8554/all', ASKED]);
    expect(all('all', { 'content-base': 'rtsp://cam/a/' })[0]).toBe('rtsp://cam/a/all');
  });
});
