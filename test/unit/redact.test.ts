import { expect, test } from 'vitest';
import { Redactor } from '../../agent/redact.ts';

test('what it was told of, and what looks like credentials, is masked', () => {
  const redactor = new Redactor();
  redactor.add('Admin!!!', undefined, '');
  expect(redactor.redact('password Admin!!! at rtsp://user:other@camera/live?token=abc&x=1')).toBe(
    'password ••• at rtsp://•••@camera/live?token=•••&x=1',
  );
  expect(redactor.redact('Authorization: Bearer eyJ.abc-_')).toBe('Authorization: Bearer •••');
});

test('a line of JSON stays one', () => {
  const redactor = new Redactor();
  redactor.add('quo"te');
  const line = JSON.stringify({ msg: 'expected "?token=…" of quo"te at http://a:b@c/ or "x://y@"' });
  expect(JSON.parse(redactor.redact(line))).toEqual({
    msg: 'expected "?token=•••" of ••• at http://•••@c/ or "x://•••@"',
  });
});
