import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FlvError, FlvReader, type FlvEvent, type FlvFrame } from '../../agent/ffmpeg/flv.ts';

/** A tag as FFmpeg writes it, with the size that follows it. */
interface Tag {
  readonly type?: number;
  readonly timestamp?: number;
  readonly streamId?: number;
  readonly body: readonly number[];
}

const uint = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** (bytes - 1 - index)) % 256);

const HEADER = [...Buffer.from('FLV'), 1, 1, ...uint(9, 4), ...uint(0, 4)];

const tagBytes = ({ type = 9, timestamp = 0, streamId = 0, body }: Tag): number[] => [
  type,
  ...uint(body.length, 3),
  ...uint(timestamp % 2 ** 24, 3),
  Math.floor(timestamp / 2 ** 24) & 0x7f,
  ...uint(streamId, 3),
  ...body,
  ...uint(11 + body.length, 4),
];

const metadata: Tag = { type: 18, body: [...Buffer.from('\x02\0\x0aonMetaData')] };
const config = (...avcC: readonly number[]): Tag => ({ body: [0x17, 0, 0, 0, 0, ...avcC] });
const frameTag = (timestamp: number, keyframe: boolean, data: readonly number[], composition = 0): Tag => ({
  timestamp,
  body: [keyframe ? 0x17 : 0x27, 1, ...uint((composition + 2 ** 24) % 2 ** 24, 3), ...data],
});
const END_OF_SEQUENCE: Tag = { body: [0x17, 2, 0, 0, 0] };

const stream = (...tags: readonly Tag[]): Uint8Array => Uint8Array.from([...HEADER, ...tags.flatMap(tagBytes)]);

const read = (...chunks: readonly Uint8Array[]): FlvEvent[] => {
  const reader = new FlvReader();
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
};

const bytesOf = (frame: FlvFrame): number[] => frame.data.flatMap((piece) => [...piece]);

/** Events with their bytes in one piece, to compare. */
const plain = (events: readonly FlvEvent[]) =>
  events.map((event) =>
    event.kind === 'config'
      ? { kind: event.kind, avcC: [...event.avcC] }
      : { kind: event.kind, frame: { ...event.frame, data: bytesOf(event.frame) } },
  );

const framesOf = (events: readonly FlvEvent[]): FlvFrame[] =>
  events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : []));

const split = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const size of [...sizes, bytes.length]) {
    chunks.push(bytes.subarray(position, position + size));
    position += size;
  }
  return chunks;
};

test('a stream from its header to its end', () => {
  const bytes = stream(
    metadata,
    config(1, 2, 3),
    frameTag(0, true, [5, 6, 7]),
    frameTag(40, false, [8, 9]),
    END_OF_SEQUENCE,
  );
  expect(plain(read(bytes))).toEqual([
    { kind: 'config', avcC: [1, 2, 3] },
    { kind: 'frame', frame: { time: 0, keyframe: true, data: [5, 6, 7], size: 3 } },
    { kind: 'frame', frame: { time: 40, keyframe: false, data: [8, 9], size: 2 } },
  ]);
});

const someTag = fc.oneof(
  fc.constantFrom(metadata, END_OF_SEQUENCE, { type: 8, body: [] }, { type: 18, body: [] }),
  fc.array(fc.nat({ max: 255 }), { maxLength: 20 }).map((avcC) => config(...avcC)),
  fc
    .tuple(fc.nat({ max: 1000 }), fc.boolean(), fc.array(fc.nat({ max: 255 }), { maxLength: 50 }))
    .map(([time, keyframe, data]) => frameTag(time, keyframe, data)),
);

test('wherever the bytes are split, the events are the same', () => {
  fc.assert(
    fc.property(fc.array(someTag, { maxLength: 8 }), fc.array(fc.nat({ max: 30 })), (tags, sizes) => {
      const bytes = stream(...tags);
      const whole = plain(read(bytes));
      expect(plain(read(...split(bytes, sizes)))).toEqual(whole);
      expect(
        plain(
          read(
            ...split(
              bytes,
              Array.from(bytes, () => 1),
            ),
          ),
        ),
      ).toEqual(whole);
      for (const frame of framesOf(read(...split(bytes, sizes)))) expect(frame.size).toBe(bytesOf(frame).length);
    }),
  );
});

test('a frame is there with its last byte, before anything that follows it', () => {
  const bytes = stream(config(1), frameTag(0, true, [1, 2, 3]));
  const lastByte = bytes.length - 4 - 1;
  const reader = new FlvReader();
  expect(framesOf([...reader.push(bytes.subarray(0, lastByte))])).toEqual([]);
  expect(framesOf([...reader.push(bytes.subarray(lastByte, lastByte + 1))])).toHaveLength(1);
  expect([...reader.push(bytes.subarray(lastByte + 1))]).toEqual([]);
});

test('the first of many frames in a chunk does not wait for the last', () => {
  const events = new FlvReader().push(stream(config(1), frameTag(0, true, [1]), frameTag(40, false, [2])));
  expect(events.next().value).toMatchObject({ kind: 'config' });
  expect(events.next().value).toMatchObject({ frame: { time: 0 } });
  expect(events.next().value).toMatchObject({ frame: { time: 40 } });
  expect(events.next().done).toBe(true);
});

test("a frame's bytes are those of the chunks themselves, the configuration's are not", () => {
  const chunks = split(stream(config(1, 2), frameTag(0, true, [1, 2, 3, 4, 5, 6])), [13 + 11 + 7 + 4 + 11 + 5 + 2, 3]);
  const [first, second] = read(...chunks);
  if (first?.kind !== 'config' || second?.kind !== 'frame') throw new Error('expected a config and a frame');
  expect(first.avcC.buffer).not.toBe(chunks[0]?.buffer);
  expect(second.frame.data.map((piece) => piece.length)).toEqual([2, 3, 1]);
  for (const piece of second.frame.data) expect(piece.buffer).toBe(chunks[0]?.buffer);
});

test('a large frame that trickles in costs no more than its bytes', () => {
  const data = Array.from({ length: 1 << 20 }, (_, index) => index & 0xff);
  const bytes = stream(config(1), frameTag(0, true, data));
  const reader = new FlvReader();
  const events: FlvEvent[] = [];
  for (let position = 0; position < bytes.length; position += 4) {
    events.push(...reader.push(bytes.subarray(position, position + 4)));
  }
  const [frame] = framesOf(events);
  expect(frame?.size).toBe(1 << 20);
  expect(Buffer.concat(frame?.data ?? []).equals(Uint8Array.from(data))).toBe(true);
});

test('time goes on where FFmpeg starts its timestamps over, every 2^31 ms', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 31 - 1 }),
      fc.array(fc.integer({ min: 1, max: 2 ** 30 - 1 }), { maxLength: 12 }),
      (start, steps) => {
        const times = steps.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? 0) + step], [start]);
        const bytes = stream(config(1), ...times.map((time) => frameTag(time % 2 ** 31, true, [1])));
        expect(framesOf(read(bytes)).map((frame) => frame.time)).toEqual(times);
      },
    ),
  );
});

test('time may also go back a little, and back across the wrap', () => {
  const bytes = stream(config(1), ...[2 ** 31 - 20, 20, 2 ** 31 - 10, 30].map((time) => frameTag(time, true, [1])));
  const wrap = 2 ** 31;
  expect(framesOf(read(bytes)).map((frame) => frame.time)).toEqual([wrap - 20, wrap + 20, wrap - 10, wrap + 30]);
});

test('the zero timestamps in the header say nothing of when frames are', () => {
  const late = 2 ** 31 - 100;
  expect(framesOf(read(stream(metadata, config(1), frameTag(late, true, [1]))))[0]?.time).toBe(late);
});

test('a composition offset, which may be negative, is added', () => {
  const bytes = stream(config(1), frameTag(100, true, [1], 40), frameTag(140, false, [1], -80));
  expect(framesOf(read(bytes)).map((frame) => frame.time)).toEqual([140, 60]);
});

test('an empty frame is none', () => {
  expect(framesOf(read(stream(config(1), frameTag(0, true, []), frameTag(40, false, [1]))))).toHaveLength(1);
});

test('a changed configuration is told again', () => {
  const events = read(stream(config(1), frameTag(0, true, [1]), config(2), frameTag(40, true, [1])));
  expect(events.map((event) => event.kind)).toEqual(['config', 'frame', 'config', 'frame']);
});

const garbage: readonly (readonly [situation: string, bytes: Uint8Array, message: string])[] = [
  [
    'another format',
    Uint8Array.from(Buffer.from('RIFF....AVI ')),
    'FLV: expected signature 464c5601 («FLV» 1), got 52494646 at byte 0',
  ],
  [
    'another header',
    Uint8Array.from([...HEADER.slice(0, 5), 0, 0, 0, 10]),
    'FLV: expected a header of 9 bytes, got 10 at byte 5',
  ],
  ['a tag of no known type', stream({ type: 7, body: [1] }), 'FLV: expected tag type 8, 9 or 18, got 7 at byte 13'],
  ['a stream id', stream({ streamId: 5, body: [0x17, 1, 0, 0, 0, 1] }), 'FLV: expected stream id 0, got 5 at byte 21'],
  [
    'text of FFmpeg between the tags',
    Uint8Array.from([...stream(config(1)), ...Buffer.from('frame=  12 fps= 25\n')]),
    'FLV: expected tag type 8, 9 or 18, got 102 at byte 34',
  ],
  [
    'a byte too many between the tags',
    Uint8Array.from([...stream(config(1)).subarray(0, -4), 0, ...uint(17, 4), ...tagBytes(frameTag(0, true, [1]))]),
    "FLV: expected previous tag's size 17, got 0 at byte 30",
  ],
  [
    'a video tag without room for its header',
    stream({ body: [0x17] }),
    'FLV: expected a video tag of at least 5 bytes, got 1 at byte 14',
  ],
  [
    'another codec',
    stream({ body: [0x12, 0, 0, 0, 0] }),
    'FLV: expected a key or inter frame of AVC (17 or 27), got 12 at byte 24',
  ],
  [
    'H.265 as enhanced FLV has it',
    stream({ body: [0x90, ...Buffer.from('hvc1')] }),
    'FLV: expected a key or inter frame of AVC (17 or 27), got 90 at byte 24',
  ],
  [
    'an unknown packet type',
    stream({ body: [0x17, 3, 0, 0, 0] }),
    'FLV: expected AVC packet type 0, 1 or 2, got 3 at byte 25',
  ],
];

test.each(garbage)('%s is an error that says what was expected, what came, and where', (_, bytes, message) => {
  expect(() => read(bytes)).toThrow(FlvError);
  expect(() => read(bytes)).toThrow(message);
  expect(() =>
    read(
      ...split(
        bytes,
        Array.from(bytes, () => 1),
      ),
    ),
  ).toThrow(message);
});

test('any garbage behind a good beginning is an error or nothing, never another kind of failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        read(stream(config(1)), bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FlvError);
      }
    }),
  );
});
