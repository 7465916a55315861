import { expect, test } from 'vitest';
import { viewerOf } from '../../worker/viewer.ts';

const from = (address: string): Request => new Request('https://edge.test/', { headers: { 'x-address': address } });

test.for<[address: string, viewer: string]>([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('who asks from %s is %s', ([address, viewer]) => {
  expect(viewerOf(from(address), 'x-address')).toBe(viewer);
});

test('nobody knows who asks where no header says it, or one that anybody could set', () => {
  expect(viewerOf(new Request('https://edge.test/'), 'x-address')).toBe('');
  expect(viewerOf(from('192.0.2.7'), '')).toBe('');
});
