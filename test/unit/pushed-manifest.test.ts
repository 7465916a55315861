import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutToken, withToken } from '../../worker/manifest/pushed.ts';

test.for<[what: string, before: string, after: string]>([
  [
    "FFmpeg's dash muxer and Shaka Packager",
    '<SegmentTemplate initialization="init-$RepresentationID$.m4s" media="chunk-$Number%05d$.m4s" startNumber="1">',
    '<SegmentTemplate initialization="init-$RepresentationID$.m4s?token=abc" media="chunk-$Number%05d$.m4s?token=abc" startNumber="1">',
  ],
  [
    'lists of segments',
    '<Initialization sourceURL="init.mp4"/><SegmentURL media="1.m4s"/><SegmentURL media="2.m4s"/>',
    '<Initialization sourceURL="init.mp4?token=abc"/><SegmentURL media="1.m4s?token=abc"/><SegmentURL media="2.m4s?token=abc"/>',
  ],
  ['URLs that have a query', 'media="$Number$.m4s?a=1&amp;b=2"', 'media="$Number$.m4s?a=1&amp;b=2&amp;token=abc"'],
  ['attributes on lines of their own', 'duration="1"\n media="a.m4s"\n', 'duration="1"\n media="a.m4s?token=abc"\n'],
  ['attributes in single quotes', "media='a.m4s'", "media='a.m4s?token=abc'"],
  [
    'attributes of other names',
    'mediaRange="0-9" xmedia="a" mediaPresentationDuration="PT1S"',
    'mediaRange="0-9" xmedia="a" mediaPresentationDuration="PT1S"',
  ],
])('the token goes into URLs of %s', ([, before, after]) => {
  expect(withToken(before, 'abc')).toBe(after);
});

test('without a token a manifest stays what it is', () => {
  fc.assert(
    fc.property(fc.string(), (manifest) => {
      expect(withToken(manifest, undefined)).toBe(manifest);
    }),
  );
});

test.for<[what: string, before: string, after: string]>([
  ['alone', 'media="$Number$.m4s?token=abc"', 'media="$Number$.m4s"'],
  ['among others', 'media="a?x=1&amp;token=abc&amp;y=2"', 'media="a?x=1&amp;y=2"'],
  ['in single quotes', "media='a?token=abc' initialization='b'", "media='a' initialization='b'"],
  ['that is none', 'media="token=abc?mytoken=abc"', 'media="token=abc?mytoken=abc"'],
])("an encoder's own token does not get among players: %s", ([, before, after]) => {
  expect(withoutToken(before)).toBe(after);
});

test('a token that is added and taken away leaves nothing behind', () => {
  const url = fc.stringMatching(/^[a-z$%0-9./-]{1,20}([?][a-z]=[0-9](&amp;[a-z]=[0-9]){0,2})?$/);
  fc.assert(
    fc.property(url, fc.constantFrom('"', "'"), fc.string({ unit: 'grapheme' }), (path, quote, token) => {
      const manifest = `<SegmentTemplate media=${quote}${path}${quote} duration="1"/>`;
      expect(withoutToken(withToken(manifest, token))).toBe(manifest);
    }),
  );
});

test('whatever is sent for a token stays a parameter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (token) => {
      const [, url = ''] = /^media="([^"<>&\s]*)"$/.exec(withToken('media="$Number$.m4s"', token)) ?? [];
      expect(url.startsWith('$Number$.m4s?token=')).toBe(true);
      expect(url.slice('$Number$.m4s'.length)).not.toContain('$');
      expect(new URL(url, 'http://edge/').searchParams.get('token')).toBe(token);
    }),
  );
});
