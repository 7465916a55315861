import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { forbiddenIn, withoutToken, withToken } from '../../worker/manifest/pushed.ts';

describe('the token goes into URLs of', () => {
  test.for<[what: string, before: string, after: string]>([
    [
      "FFmpeg's dash muxer",
      '<SegmentTemplate initialization="init-stream$RepresentationID$.m4s" media="chunk-stream$RepresentationID$-$Number%05d$.m4s" startNumber="1">',
      '<SegmentTemplate initialization="init-stream$RepresentationID$.m4s?token=abc" media="chunk-stream$RepresentationID$-$Number%05d$.m4s?token=abc" startNumber="1">',
    ],
    [
      'lists of segments',
      '<Initialization sourceURL="init-stream0.m4s"/><SegmentURL media="chunk-stream0-1.m4s"/>',
      '<Initialization sourceURL="init-stream0.m4s?token=abc"/><SegmentURL media="chunk-stream0-1.m4s?token=abc"/>',
    ],
    [
      'segments that have a query',
      '<SegmentTemplate media="chunk-stream0-$Number$.m4s?a=1&amp;b=2"/>',
      '<SegmentTemplate media="chunk-stream0-$Number$.m4s?a=1&amp;b=2&amp;token=abc"/>',
    ],
    [
      'attributes on lines of their own, in single quotes',
      "<ns:SegmentTemplate duration='1'\n media = './chunk-stream0-$Time$.m4s'\n/>",
      "<ns:SegmentTemplate duration='1'\n media = './chunk-stream0-$Time$.m4s?token=abc'\n/>",
    ],
    [
      'a manifest with comments, and a base that is its own',
      '<?xml version="1.0"?><!-- made by X --><MPD><BaseURL> ./ </BaseURL><SegmentTemplate media="chunk-stream0-$Number$.m4s"/></MPD>',
      '<?xml version="1.0"?><!-- made by X --><MPD><BaseURL> ./ </BaseURL><SegmentTemplate media="chunk-stream0-$Number$.m4s?token=abc"/></MPD>',
    ],
  ])('%s', ([, before, after]) => {
    expect(withToken(before, 'abc')).toBe(after);
  });
});

const TEMPLATE = '<SegmentTemplate media="chunk-stream$RepresentationID$-$Number$.m4s"/>';

describe('no token goes anywhere when there is', () => {
  test.for<[what: string, manifest: string]>([
    ['a base elsewhere', `<MPD><BaseURL>https://evil.example/</BaseURL>${TEMPLATE}</MPD>`],
    ['a base elsewhere, without a scheme', `<MPD><BaseURL>//evil.example/</BaseURL>${TEMPLATE}</MPD>`],
    ['a base in another folder', `<MPD><BaseURL>../collect/</BaseURL>${TEMPLATE}</MPD>`],
    ['a base behind a comment', `<MPD><BaseURL><!-- -->https://evil.example/</BaseURL>${TEMPLATE}</MPD>`],
    ['a base in CDATA', `<MPD><BaseURL><![CDATA[https://evil.example/]]></BaseURL>${TEMPLATE}</MPD>`],
    ['a base of another namespace', `<m:MPD><m:BaseURL>https://evil.example/</m:BaseURL>${TEMPLATE}</m:MPD>`],
    ['a base in what only some take for a comment', `<MPD><!--><BaseURL>//evil/</BaseURL>-->${TEMPLATE}</MPD>`],
    ['a base in what only some take for an instruction', `<MPD><?x ><BaseURL>//evil/</BaseURL>?>${TEMPLATE}</MPD>`],
    ['a base in what only some take for a value', `<MPD a="><BaseURL>//evil/</BaseURL>">${TEMPLATE}</MPD>`],
    ['a manifest elsewhere', `<MPD><Location>https://evil.example/</Location>${TEMPLATE}</MPD>`],
    ['a patch elsewhere', `<MPD><PatchLocation>https://evil.example/</PatchLocation>${TEMPLATE}</MPD>`],
    ['somebody who steers', `<MPD><ContentSteering>https://evil.example/</ContentSteering>${TEMPLATE}</MPD>`],
    ['more to fetch', `<MPD>${TEMPLATE}<Period xlink:href="https://evil.example/"/></MPD>`],
    ['a representation whose name leads elsewhere', `<MPD>${TEMPLATE}<Representation id="/../../collect"/></MPD>`],
    ['one that has two names', `<MPD>${TEMPLATE}<Representation id="/../../collect" id="0"/></MPD>`],
    ['a bitrate that is none', `<MPD>${TEMPLATE}<Representation id="0" bandwidth="//evil.example/"/></MPD>`],
    ['no end of a tag', `<MPD>${TEMPLATE}<Representation`],
  ])('%s', ([, manifest]) => {
    expect(withToken(manifest, 'abc')).toBe(manifest);
  });
});

describe('no token goes into', () => {
  test.for<[what: string, tag: string]>([
    ['a URL elsewhere', '<SegmentTemplate media="https://evil.example/chunk-stream0-1.m4s"/>'],
    ['one without a scheme', '<SegmentTemplate media="//evil.example/chunk-stream0-1.m4s"/>'],
    ['one from the root, which need not be the edge', '<SegmentTemplate media="/front/chunk-stream0-1.m4s"/>'],
    ['one of another folder', '<SegmentTemplate media="chunk-stream/../../collect.m4s"/>'],
    ['one of another folder, escaped', '<SegmentTemplate media="chunk-stream%2f..%2f..%2fcollect.m4s"/>'],
    ['one with entities', '<SegmentTemplate media="chunk-stream&#47;..&#47;collect.m4s"/>'],
    ['a name that the edge does not serve', '<SegmentTemplate media="video-$Number$.m4s"/>'],
    ['a name that begins with anything', '<SegmentTemplate media="$RepresentationID$-chunk-stream0.m4s"/>'],
    ['what only looks like an attribute', '<UTCTiming value=\'//evil/? media="chunk-stream0-1.m4s"\'/>'],
    ['an attribute of another element', '<Label media="chunk-stream0-1.m4s"/>'],
    [
      'an attribute of another name',
      '<SegmentTemplate mediaRange="chunk-stream0-1.m4s" x:media="chunk-stream0-1.m4s"/>',
    ],
    ['text', '<Title> media="chunk-stream0-1.m4s"</Title>'],
  ])('%s', ([, tag]) => {
    expect(withToken(tag, 'abc')).toBe(tag);
  });
});

const FOLDER = 'https://example.org/cameras/front/';
const MARK = 'the.viewers.token';

describe('of any manifest', () => {
  const evil = fc.constantFrom('https://evil.example/', '//evil.example/', '\\\\evil.example\\', '../../', '/', 'x/');
  /** One time in so many, or there would be no harmless manifest. */
  const seldom = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: rare });
  const file = fc.constantFrom('chunk-stream$RepresentationID$-$Number$.m4s', 'init-stream0.m4s', '$RepresentationID$');
  const escape = (text: string, how: number): string =>
    how === 0 ? text : text.replaceAll(/[/:.\\]/g, (one) => (how === 1 ? `&#${one.charCodeAt(0)};` : `&#10;${one}`));
  const url = fc
    .tuple(seldom(fc.constantFrom('', './'), evil), file, fc.nat(2))
    .map(([folder, name, how]) => escape(folder, how) + name);
  const base = fc
    .tuple(seldom(fc.constantFrom('', './', ' ./\n'), evil), seldom(fc.constant(0), fc.nat(4)))
    .map(([text, how]) => (how === 3 ? `<![CDATA[${text}]]>` : how === 4 ? `<!-- x -->${text}` : escape(text, how)));
  const quoted = (value: string, double: boolean): string => (double ? `"${value}"` : `'${value}'`);
  const attribute = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc
      .tuple(value, fc.boolean(), fc.constantFrom('=', ' = ', '\n='))
      .map(([text, double, equals]) => ` ${name}${equals}${quoted(text, double)}`);
  const id = attribute(
    'id',
    seldom(fc.constantFrom('0', 'v1'), fc.constantFrom('//evil.example/', '/../../collect', '..')),
  );
  const template = fc
    .tuple(attribute('media', url), attribute('initialization', url))
    .map(([media, initialization]) => `<SegmentTemplate${media}${initialization}/>`);
  const more = fc.oneof(
    base.map((text) => `<BaseURL>${text}</BaseURL>`),
    base.map((text) => `<BaseURL serviceLocation='a'>${text}</BaseURL>`),
    template,
    attribute(
      'label',
      url.map((value) => ` media=${value}`),
    ).map((value) => `<Label${value}/>`),
    fc.constantFrom('', '<!-- a -->', '<Role value="main"/>'),
  );
  const inside = (name: string, attributes: fc.Arbitrary<string>, content: fc.Arbitrary<string>) =>
    fc
      .tuple(attributes, fc.array(more, { maxLength: 2 }), content, fc.constantFrom('', '\n  '))
      .map(([own, first, rest, space]) => `<${name}${own}>${space}${first.join(space)}${rest}</${name}>`);
  const none = fc.constant('');
  const representation = inside('Representation', id, template);
  const manifest = inside('MPD', none, inside('Period', none, inside('AdaptationSet', none, representation)));

  test('a token is in no URL that leads out of the folder of the manifest', () => {
    let tokens = 0;
    fc.assert(
      fc.property(manifest, (xml) => {
        const urls = urlsOf(withToken(xml, MARK)).filter((one) => one.includes(MARK));
        tokens += urls.length;
        for (const one of urls) expect(new URL('.', one).href).toBe(FOLDER);
      }),
      { numRuns: 1000 },
    );
    // Or nothing was shown.
    expect(tokens).toBeGreaterThan(100);
  });

  test('all is as it was but for tokens', () => {
    fc.assert(
      fc.property(fc.oneof(manifest, fc.string()), (xml) => {
        expect(withToken(xml, undefined)).toBe(xml);
        expect(withoutToken(withToken(xml, MARK))).toBe(withoutToken(xml));
        if (!xml.includes('token=')) expect(withoutToken(xml)).toBe(xml);
      }),
    );
  });
});

/** What a player could fetch of a manifest, read by a parser that is none of ours: each URL against each base. */
function urlsOf(xml: string): string[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseAttributeValue: false,
    parseTagValue: false,
    htmlEntities: true,
    isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
  });
  return urlsBelow(parser.parse(xml) as Element, { bases: [FOLDER], urls: [], id: '' });
}

/** Attributes begin with `@`. */
interface Element {
  readonly [name: string]: string | readonly (Element | string)[];
}

/** What an element has from those around it. */
interface Inherited {
  readonly bases: readonly string[];
  readonly urls: readonly string[];
  readonly id: string;
}

function urlsBelow(element: Element, { bases, urls, id }: Inherited): string[] {
  const children = Object.entries(element).flatMap(([name, all]) =>
    typeof all === 'string' ? [] : all.map((child) => [name, typeof child === 'string' ? {} : child, child] as const),
  );
  const own = children
    .filter(([name]) => name === 'BaseURL')
    .map(([, { '#text': text }, child]) => (typeof child === 'string' ? child : typeof text === 'string' ? text : ''));
  const inherited = {
    bases: own.length === 0 ? bases : own.flatMap((url) => bases.map((base) => resolved(url, base))),
    urls: [
      ...urls,
      ...children.flatMap(([, attributes]) =>
        Object.entries(attributes).flatMap(([name, value]) =>
          typeof value === 'string' && name.startsWith('@') ? [value] : [],
        ),
      ),
    ],
    id: typeof element['@id'] === 'string' ? element['@id'] : id,
  };
  const here = inherited.urls.map((url) => url.replaceAll('$RepresentationID$', inherited.id));
  return [
    ...here.flatMap((url) => inherited.bases.map((base) => resolved(url, base))),
    ...children.flatMap(([, child]) => urlsBelow(child, inherited)),
  ];
}

const resolved = (url: string, base: string): string => (URL.canParse(url, base) ? new URL(url, base).href : base);

test.for<[what: string, before: string, after: string]>([
  ['alone', 'media="$Number$.m4s?token=abc"', 'media="$Number$.m4s"'],
  ['among others', 'media="a?x=1&amp;token=abc&amp;y=2"', 'media="a?x=1&amp;y=2"'],
  ['before others', 'media="a?token=abc&amp;y=2"', 'media="a?y=2"'],
  ['more than once', 'media="a?token=abc&amp;token=def&amp;y=2&amp;token=g"', 'media="a?y=2"'],
  ['in single quotes', "media='a?token=abc' initialization='b'", "media='a' initialization='b'"],
  ['in text', '<BaseURL>a/?token=abc</BaseURL>', '<BaseURL>a/</BaseURL>'],
  ['of the clock', '<UTCTiming value="http://edge/isotime?token=abc"/>', '<UTCTiming value="http://edge/isotime"/>'],
  ['that is none', 'media="token=abc?mytoken=abc"', 'media="token=abc?mytoken=abc"'],
])("an encoder's own token does not get among players: %s", ([, before, after]) => {
  expect(withoutToken(before)).toBe(after);
});

test('a token that is added and taken away leaves nothing behind', () => {
  const query = fc.stringMatching(/^([?][a-z]=[0-9](&amp;[a-z]=[0-9]){0,2})?$/);
  fc.assert(
    fc.property(query, fc.constantFrom('"', "'"), fc.string({ unit: 'grapheme' }), (parameters, quote, token) => {
      const manifest = `<SegmentTemplate media=${quote}chunk-stream0-$Number$.m4s${parameters}${quote} duration="1"/>`;
      expect(withToken(manifest, token)).not.toBe(manifest);
      expect(withoutToken(withToken(manifest, token))).toBe(manifest);
    }),
  );
});

test('whatever is sent for a token stays a parameter', () => {
  const before = '<SegmentTemplate media="chunk-stream0-$Number$.m4s"/>';
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (token) => {
      const [, url = ''] = /^<SegmentTemplate media="([^"<>&\s]*)"\/>$/.exec(withToken(before, token)) ?? [];
      expect(url.startsWith('chunk-stream0-$Number$.m4s?token=')).toBe(true);
      expect(url.slice('chunk-stream0-$Number$.m4s'.length)).not.toContain('$');
      expect(new URL(url, 'http://edge/').searchParams.get('token')).toBe(token);
    }),
  );
});

describe('a manifest may not hold', () => {
  test.for<[manifest: string, what: string | undefined]>([
    ['<!DOCTYPE MPD [<!ENTITY a "b">]><MPD/>', 'a document type declaration'],
    ['<?xml version="1.0" encoding="UTF-7"?><MPD/>', 'an encoding other than UTF-8'],
    ["<?xml version='1.0' encoding = 'utf-16'?><MPD/>", 'an encoding other than UTF-8'],
    ['<MPD><up:UrlQueryInfo queryTemplate="$querypart$" useMPDUrlQuery="true"/></MPD>', 'useMPDUrlQuery'],
    ['<MPD><Metrics><Reporting dvb:reportingUrl="https://evil.example/"/></Metrics></MPD>', 'reportingUrl'],
    ["<?xml version='1.0' encoding='utf-8'?><MPD/>", undefined],
    ['<?xml version="1.0" encoding="UTF-8"?><MPD/>', undefined],
    ['<MPD/>', undefined],
  ])('%s', ([manifest, what]) => {
    expect(forbiddenIn(manifest)).toBe(what);
  });
});
