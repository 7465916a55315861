import { expect, test } from 'vitest';
import { failureOf } from '../../agent/ffmpeg/failure.ts';
import { Redactor } from '../../agent/redact.ts';

test('what it was told of, and what looks like credentials, is masked', () => {
  const redactor = new Redactor();
  redactor.add('Admin!!!', undefined, '');
  expect(redactor.redact('password Admin!!! at rtsp://user:other@camera/live?token=abc&x=1')).toBe(
    'password ••• at rtsp://•••@camera/live?token=•••&x=1',
  );
  expect(redactor.redact('Authorization: Bearer eyJ.abc-_')).toBe('Authorization: Bearer •••');
});

test('is masked however it is written', () => {
  const redactor = new Redactor();
  redactor.add('p@ss w%rd', 'admin:p@ss w%rd');
  const basic = Buffer.from('admin:p@ss w%rd').toString('base64');
  expect(redactor.redact(`p@ss w%rd p%40ss%20w%25rd Basic ${basic}`)).toBe('••• ••• Basic •••');
  // Half of an emoji, as JSON may hold it, is no reason to fail.
  redactor.add('half \ud83d of one');
  expect(redactor.redact('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIqIn0.abc-_ rtsp://a:b/c@d/e')).toBe('••• rtsp://•••@d/e');
  expect(redactor.redact('rtsp://cam/user=a_password=b_c_channel=1?pwd=x&stream=0')).toBe(
    'rtsp://cam/user=a_password=•••_channel=1?pwd=•••&stream=0',
  );
});

test('what FFmpeg says of a camera goes to the edge without its URL', () => {
  const lines = [
    '[rtsp @ 0x1] [error] nothing known',
    '[error] rtsp://admin:p%40ss@cam:554/live?a=b: Invalid data found',
  ];
  expect(failureOf(lines, 'exit code 1').message).toBe('FFmpeg ended (exit code 1): its URL: Invalid data found');
});

test('a line of JSON stays one', () => {
  const redactor = new Redactor();
  redactor.add('quo"te');
  const line = JSON.stringify({ msg: 'expected "?token=…" of quo"te at http://a:b@c/ or "x://y@"' });
  expect(JSON.parse(redactor.redact(line))).toEqual({
    msg: 'expected "?token=•••" of ••• at http://•••@c/ or "x://•••@"',
  });
});
