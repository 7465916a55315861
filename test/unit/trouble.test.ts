import { expect, test } from 'vitest';
import { unsupported } from '../../worker/player/trouble.ts';

test('a stream that comes as H.265 only says what can be done', () => {
  expect(unsupported(['hvc1.1.6.L93.B0']).text).toMatch(/no decoder for H\.265.*camera to H\.264.*transcoded quality/);
});

test('another stream says which decoder is missing', () => {
  expect(unsupported(['avc1.6e0028', 'hvc1.1.6.L93.B0']).text).toBe(
    'It has no decoder for avc1.6e0028, hvc1.1.6.L93.B0.',
  );
});

test('a browser that plays nothing of the kind is too old', () => {
  expect(unsupported([]).text).toBe('Please use a current one.');
});
