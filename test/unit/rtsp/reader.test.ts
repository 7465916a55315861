import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../../agent/rtsp/body.ts';
import { MAX_HEAD_BYTES } from '../../../agent/rtsp/head.ts';
import { RtspReader, type Received } from '../../../agent/rtsp/reader.ts';

/** Channels 0 to 3 are set up, with payload type 96. */
const CHANNELS = { payloadType: (channel: number) => (channel < 4 ? 96 : undefined) };
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** An interleaved packet of RTP: of payload type 96, and one byte repeated. */
function packet(channel: number, fill: number, size = 40): Buffer {
  const data = Buffer.alloc(size, fill);
  data[0] = 0x80;
  data[1] = 96;
  return Buffer.concat([Buffer.of(0x24, channel, size >> 8, size & 255), data]);
}

const answer = (cseq: number, more = ''): Buffer => bytes(`RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n${more}\r\n`);
const SDP = 'v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=1\r\n';
const described = (sdp: string, length: number | undefined, ending = ''): Buffer => {
  const said = length === undefined ? '' : `Content-Length: ${length}\r\n`;
  return bytes(`RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n${said}\r\n${sdp}${ending}`);
};

/** What comes of it in a few words; with a moment's quiet at the end. */
function read(...chunks: readonly Uint8Array[]): string[] {
  const reader = new RtspReader(CHANNELS);
  return [...chunks.flatMap((chunk) => [...reader.push(chunk)]), ...reader.settle()].map(inWords);
}
function inWords(received: Received): string {
  switch (received.kind) {
    case 'response':
      return `${received.status} ${received.headers.get('cseq')?.join() ?? ''} ${JSON.stringify(received.body)}`;
    case 'request':
      return `${received.method} ${received.uri} ${received.headers.get('cseq')?.join() ?? ''}`;
    case 'packet':
      return `packet ${received.channel}: ${received.data.length} of ${received.data[2]}`;
    case 'skipped':
      return `skipped ${received.bytes} at ${received.offset}`;
    case 'invalid':
      return `invalid at ${received.offset}: ${received.reason}`;
  }
}
const oneByOne = (data: Buffer): Buffer[] => Array.from(data, (_, index) => data.subarray(index, index + 1));

describe('a head', () => {
  it.for<[what: string, head: string]>([
    ['with lines that end in LF', 'RTSP/1.0 200 OK\nCSeq: 7\nSession: 1\n\n'],
    ['with a tab behind the colon', 'RTSP/1.0 200 OK\r\nCSeq:\t7\r\nSession:\t1\r\n\r\n'],
    ['with nothing behind the colon, and spaces behind the value', 'RTSP/1.0 200 OK\r\nCSeq:7  \r\nSession:1 \r\n\r\n'],
    ['with two CRs', 'RTSP/1.0 200 OK\r\nCSeq: 7\r\r\nSession: 1\r\n\r\n'],
    ['without a reason', 'RTSP/1.0 200\r\nCSeq: 7\r\nSession: 1\r\n\r\n'],
    ['with a line that is no header', 'RTSP/1.0 200 OK\r\nserver\r\n: x\r\nCSEQ : 7\r\nSession: 1\r\n\r\n'],
    ['with a header that goes on', 'RTSP/1.0 200 OK\r\nCSeq:\r\n 7\r\nsession: 1\r\n\r\n'],
    ['after empty lines', '\r\n\n\r\nRTSP/1.0 200 OK\r\ncseq: 7\r\nSession: 1\r\n\r\n'],
  ])('%s is read', ([, head]) => {
    const [response, ...more] = [...new RtspReader(CHANNELS).push(bytes(head))];
    expect(more).toEqual([]);
    expect(response).toMatchObject({ kind: 'response', status: 200, protocol: 'RTSP' });
    const { headers } = response as Extract<Received, { kind: 'response' }>;
    expect(headers.get('cseq')?.map((value) => value.trim())).toEqual(['7']);
    expect(headers.get('session')).toEqual(['1']);
  });

  it('keeps each byte, and each of several headers of a name', () => {
    const [response] = new RtspReader(CHANNELS).push(
      bytes('RTSP/1.0 401 \xbf\xaa\r\nWWW-Authenticate: Digest realm="\xd6\xd0"\r\nWWW-authenticate: Basic\r\n\r\n'),
    );
    expect(response).toMatchObject({ status: 401, reason: '\xbf\xaa' });
    const { headers } = response as Extract<Received, { kind: 'response' }>;
    expect(headers.get('www-authenticate')).toEqual(['Digest realm="\xd6\xd0"', 'Basic']);
  });

  it('without an end is refused, not waited for', () => {
    const endless = read(bytes('RTSP/1.0 200 OK\r\n'), bytes('X: y\r\n'.repeat(MAX_HEAD_BYTES / 6)));
    expect(endless).toEqual([`invalid at 0: sends a head without an end: expected at most ${MAX_HEAD_BYTES} bytes`]);
    expect(read(...oneByOne(bytes('R'.repeat(100))))).toEqual(['invalid at 0: does not speak RTSP']);
    expect(read(bytes(`RTSP/1.0 200 ${'x'.repeat(MAX_HEAD_BYTES)}`))).toEqual(endless);
  });

  it('that is a question of the camera is told as one', () => {
    expect(read(bytes('OPTIONS rtsp://cam/live RTSP/1.0\r\nCSeq: 1\r\n\r\n'), packet(0, 5))).toEqual([
      'OPTIONS rtsp://cam/live 1',
      'packet 0: 40 of 5',
    ]);
  });

  it('of a web server is told as one', () => {
    const [response] = new RtspReader(CHANNELS).push(bytes('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    expect(response).toMatchObject({ protocol: 'HTTP', status: 400 });
  });
});

describe('a body', () => {
  const whole = `200 2 ${JSON.stringify(SDP)}`;

  it.for<[what: string, sent: Buffer, expected: string[]]>([
    ['as long as it says', described(SDP, SDP.length), [whole]],
    ['two bytes longer than it says', described(SDP, SDP.length - 2), [whole]],
    ['eight bytes longer, one for each line break', described(SDP, SDP.length - 8), [whole]],
    ['two bytes shorter than it says, with nothing behind it', described(SDP, SDP.length + 2), [whole]],
    ['without a length', described(SDP, undefined), [whole]],
    [
      'without a length and an end of line',
      described(SDP.trimEnd(), undefined),
      [`200 2 ${JSON.stringify(SDP.trimEnd())}`],
    ],
    ['that is not there', described('', undefined), ['200 2 ""']],
  ])('%s is read', ([, sent, expected]) => {
    expect(read(sent)).toEqual(expected);
    // And what follows it.
    const following = ['packet 0: 40 of 9', '200 3 ""'];
    expect(read(Buffer.concat([sent, packet(0, 9), answer(3)]))).toEqual([...expected, ...following]);
    expect(read(...oneByOne(Buffer.concat([sent, packet(0, 9), answer(3)])))).toEqual([...expected, ...following]);
  });

  it.for([1, 2, 3, 5, 7, 20])('%d bytes shorter than it says, in front of an answer, is read', (missing) => {
    const sent = Buffer.concat([described(SDP, SDP.length + missing), answer(3), packet(2, 4)]);
    expect(read(sent)).toEqual([whole, '200 3 ""', 'packet 2: 40 of 4']);
    expect(read(...oneByOne(sent))).toEqual([whole, '200 3 ""', 'packet 2: 40 of 4']);
  });

  it('of an answer that is no description is as long as it says', () => {
    const sent = answer(4, 'Content-Type: text/parameters\r\nContent-Length: 4\r\n');
    expect(read(Buffer.concat([sent, bytes('a=b\n'), bytes('\r\n'), packet(0, 1)]))).toEqual([
      String.raw`200 4 "a=b\n"`,
      'packet 0: 40 of 1',
    ]);
  });

  it('shorter than it says while pictures come costs none of them', () => {
    const sent = answer(4, 'Content-Length: 2\r\n');
    const pictures = Buffer.concat([packet(0, 1), packet(0, 2), packet(0, 3)]);
    const expected = ['200 4 ""', 'packet 0: 40 of 1', 'packet 0: 40 of 2', 'packet 0: 40 of 3'];
    expect(read(Buffer.concat([sent, pictures]))).toEqual(expected);
    expect(read(...oneByOne(Buffer.concat([sent, pictures])))).toEqual(expected);
  });

  it('that lacks more than a few bytes is waited for', () => {
    expect(read(described(SDP, SDP.length + 1000))).toEqual([]);
  });

  it.for(['1048576', '99999999999999999999', '1e400'.padStart(4, '9').replace('e', '0').padEnd(400, '0')])(
    'of %s bytes is refused before it comes',
    (length) => {
      const [told] = read(bytes(`RTSP/1.0 200 OK\r\nContent-Length: ${length}\r\n\r\n`));
      expect(told).toMatch(/^invalid at \d+: announces a body of .+ bytes: expected at most 262144$/);
    },
  );

  it('without a length and without an end is refused', () => {
    const sent = described('', undefined);
    const lines = bytes('a=x\r\n'.repeat(1000));
    const chunks = Array.from({ length: MAX_BODY_BYTES / lines.length + 2 }, () => lines);
    expect(read(sent, ...chunks)[0]).toContain('sends a body without an end: expected at most 262144 bytes');
  });
});

describe('between messages and packets', () => {
  it('line breaks are passed over', () => {
    expect(read(answer(1), bytes('\r\n'), packet(0, 1), bytes('\r\n'), packet(0, 2), bytes('\n'), answer(2))).toEqual([
      '200 1 ""',
      'packet 0: 40 of 1',
      'packet 0: 40 of 2',
      '200 2 ""',
    ]);
  });

  it('packets on channels nobody set up are told like others', () => {
    expect(read(answer(1), packet(77, 1), packet(0, 2))).toEqual([
      '200 1 ""',
      'packet 77: 40 of 1',
      'packet 0: 40 of 2',
    ]);
  });

  it.for<[what: string, junk: Buffer]>([
    ['zeros', Buffer.alloc(300)],
    ['a text', bytes('Warning: $0 left, see RTSP/ and OPTIONS\n')],
    ['half a packet', packet(0, 7, 500).subarray(2, 200)],
    ['a packet on a channel nobody set up, less its beginning', packet(9, 0x24, 90).subarray(1)],
    ['a head of something else', bytes('SIP/2.0 200 OK\r\nCSeq: 9\r\n\r\n')],
  ])('%s: as many bytes are skipped, and told', ([, junk]) => {
    const sent = Buffer.concat([answer(1), packet(0, 1), junk, packet(1, 2), packet(0, 3), answer(2)]);
    const expected = ['200 1 ""', 'packet 0: 40 of 1', 'packet 1: 40 of 2', 'packet 0: 40 of 3', '200 2 ""'];
    const told = read(sent);
    expect(told.filter((word) => !word.startsWith('skipped'))).toEqual(expected);
    expect(told.filter((word) => word.startsWith('skipped'))).not.toEqual([]);
    expect(read(...oneByOne(sent)).filter((word) => !word.startsWith('skipped'))).toEqual(expected);
  });

  it.for<[what: string, looksLikeOne: Buffer]>([
    ['of another payload type', Buffer.from(packet(0, 8)).fill(33, 5, 6)],
    ['of another version', Buffer.from(packet(0, 8)).fill(0x10, 4, 5)],
    ['too short for one', packet(0, 8, 7)],
  ])('what begins like a packet, but is one %s, is not taken for one', ([, looksLikeOne]) => {
    const junk = Buffer.concat([Buffer.of(0), looksLikeOne]);
    expect(read(answer(1), junk, packet(0, 1), packet(0, 2))).toEqual([
      '200 1 ""',
      `skipped ${junk.length} at ${answer(1).length}`,
      'packet 0: 40 of 1',
      'packet 0: 40 of 2',
    ]);
  });

  it('the last packet before a pause is not held back', () => {
    const reader = new RtspReader(CHANNELS);
    const told = [...reader.push(Buffer.concat([answer(1), Buffer.alloc(9), packet(0, 1)]))].map(inWords);
    expect(told.at(-1)).toBe('packet 0: 40 of 1');
  });

  it('noise is borne for 64 KiB', () => {
    const told = read(answer(1), Buffer.alloc(70_000, 0xff), packet(0, 1), packet(0, 2));
    expect(told.at(-1)).toBe(`invalid at ${answer(1).length + 70_000}: has sent 70000 bytes that are not RTSP`);
  });

  it.for(['SSH-2.0-OpenSSH_9.9\r\n', '\u0015\u0003\u0001\0\u0002\u0002\u0050', '220 ftp\r\n', 'RTSP 1\r\n'])(
    'who begins with %j is no camera',
    (text) => expect(read(bytes(text))).toEqual(['invalid at 0: does not speak RTSP']),
  );
});

describe('however it is cut', () => {
  const fill = fc.integer({ min: 1, max: 255 });
  const piece = fc.oneof(
    fc.tuple(fc.constantFrom(0, 1, 2, 3, 200), fill, fc.integer({ min: 8, max: 3000 })).map((one) => packet(...one)),
    fc.constantFrom(
      answer(3),
      answer(4, 'Content-Length: 0\r\n'),
      bytes('\r\n'),
      bytes('OPTIONS * RTSP/1.0\nCSeq:1\n\n'),
    ),
    fc.integer({ min: 0, max: 30 }).map((more) => described(SDP, SDP.length + more)),
    fc.integer({ min: 1, max: 15 }).map((less) => described(SDP, SDP.length - less)),
    fc.uint8Array({ minLength: 1, maxLength: 60 }).map((junk) => Buffer.from(junk)),
  );
  const dialogue = fc
    .array(piece, { minLength: 1, maxLength: 12 })
    .map((pieces) => Buffer.concat([answer(1), ...pieces]));

  test('the same comes of it: at each place', () => {
    fc.assert(
      fc.property(dialogue, (sent) => {
        const expected = read(sent);
        expect(read(...oneByOne(sent))).toEqual(expected);
        for (let at = 1; at < sent.length; at += Math.ceil(sent.length / 97)) {
          expect(read(sent.subarray(0, at), sent.subarray(at)), `cut at ${at}`).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a word too long for a method is none, also where its line is whole', () => {
    const long = bytes(`${'A'.repeat(17)}OPTIONS * RTSP/1.0\nCSeq:1\n\n`);
    const sent = Buffer.concat([answer(1), long]);
    expect(read(...oneByOne(sent))).toEqual(read(sent));
    expect(read(sent).at(-1)).toBe('OPTIONS * 1');
  });

  test('what was handed out stays as it is', () => {
    fc.assert(
      fc.property(dialogue, fc.integer({ min: 1, max: 500 }), (sent, size) => {
        const reader = new RtspReader(CHANNELS);
        const kept: { readonly data: Uint8Array; readonly copy: Uint8Array }[] = [];
        for (let at = 0; at < sent.length; at += size) {
          for (const one of reader.push(sent.subarray(at, at + size))) {
            if (one.kind === 'packet') kept.push({ data: one.data, copy: one.data.slice() });
          }
        }
        for (const { data, copy } of kept) expect(Buffer.from(data).equals(copy)).toBe(true);
      }),
    );
  });
});

test.for<[what: string, sent: Buffer]>([
  ['a body of the most that is taken', described(`v=0\r\n${'a=x\r\n'.repeat(52_000)}`, MAX_BODY_BYTES - 1000)],
  ['a body without a length, of one line', described(`a=${'x'.repeat(MAX_BODY_BYTES - 10)}`, undefined)],
  ['packets of 64 KiB', Buffer.concat([1, 2, 3, 4].map((fill) => packet(0, fill, 65_535)))],
  ['noise that looks like packets', Buffer.from('$\0\u00ff\u00ff\u0080`'.repeat(11_000), 'latin1')],
  ['noise that looks like answers', bytes('RTSP/1.RTSP/1.0 2\n'.repeat(3600))],
  ['a head of the most that is taken', bytes(`RTSP/1.0 200 OK\r\n${'X:\r\n'.repeat(4000)}\r\n`)],
])('%s, byte by byte, takes no longer than the bytes do', ([, sent]) => {
  const reader = new RtspReader(CHANNELS);
  const chunks = [answer(1), ...oneByOne(sent)];
  const started = performance.now();
  let events = 0;
  for (const chunk of chunks) for (const _ of reader.push(chunk)) events += 1;
  expect(events).toBeGreaterThan(0);
  // Some microseconds a chunk; were it quadratic it would be minutes.
  expect(performance.now() - started).toBeLessThan(5000);
});
