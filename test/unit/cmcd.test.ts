import { appendCmcdHeaders, appendCmcdQuery, type Cmcd } from '@svta/cml-cmcd';
import { describe, expect, test } from 'vitest';
import { playerFigures } from '../../worker/statistics/cmcd.ts';

const URL_OF_SEGMENT = 'https://edge.test/cam-alice/chunk-stream0-1.m4s';

/** As a player says it of itself, in either of the ways. */
const ways: Readonly<Record<string, (cmcd: Cmcd) => Request>> = {
  'in the query': (cmcd) => new Request(appendCmcdQuery(URL_OF_SEGMENT, cmcd)),
  'in headers': (cmcd) => new Request(URL_OF_SEGMENT, { headers: appendCmcdHeaders({}, cmcd) }),
};

describe.for(Object.entries(ways))('%s', ([, say]) => {
  test('a player of version 1 says how it does', () => {
    expect(playerFigures(say({ v: 1, bl: [300], br: [200], bs: true, mtp: [2500], sid: 'abc' }))).toEqual({
      buffer: 300,
      bitrate: 200,
      stalled: true,
    });
  });

  test('a player of version 2 says how it does', () => {
    expect(playerFigures(say({ v: 2, bl: [300], br: [200], ltc: 180 }))).toEqual({
      buffer: 300,
      bitrate: 200,
      latency: 180,
    });
  });

  test('a player that does well says less', () => {
    expect(playerFigures(say({ v: 1, sid: 'abc' }))).toEqual({});
  });
});

test.for([
  URL_OF_SEGMENT,
  `${URL_OF_SEGMENT}?CMCD=`,
  `${URL_OF_SEGMENT}?CMCD=%00%ff`,
  `${URL_OF_SEGMENT}?CMCD=bl%3Dabc%2Cbr%3D`,
  `${URL_OF_SEGMENT}?CMCD=bl%3D1e999`,
])('a player that says nothing of use is none the worse for it: %s', (url) => {
  expect(playerFigures(new Request(url))).toEqual({});
});

test.for(['', 'bl=', '"', 'bl=abc', ',,,', 'x'.repeat(8000)])('nor with a header of "%s"', (text) => {
  for (const name of ['cmcd-object', 'cmcd-request', 'cmcd-session', 'cmcd-status']) {
    expect(playerFigures(new Request(URL_OF_SEGMENT, { headers: { [name]: text } }))).toEqual({});
  }
});
