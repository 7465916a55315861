import { describe, expect, test } from 'vitest';
import { pino } from 'pino';
import type { Clock } from '../../agent/clock.ts';
import type { Frame } from '../../agent/media/frame.ts';
import type { AudioConfig } from '../../agent/media/track.ts';
import type { MediaFormat } from '../../agent/rtp/format.ts';
import { AudioReceiver } from '../../agent/rtp/receiver.ts';
import { milliseconds } from '../../protocol/units.ts';
import { Packetizer } from '../rtp-packetizer.ts';

class Listening {
  readonly configs: AudioConfig[] = [];
  readonly frames: Frame[] = [];
  readonly failures: string[] = [];
  readonly receiver: AudioReceiver;
  readonly packets = new Packetizer();
  now = 0;

  constructor(format: Pick<MediaFormat, 'codec'> & Partial<MediaFormat>) {
    const clock: Clock = {
      monotonic: () => milliseconds(this.now),
      wall: () => milliseconds(Date.UTC(2026, 10, 25) + this.now),
      sleep: () => Promise.resolve(),
    };
    this.receiver = new AudioReceiver({
      format: { payloadType: 96, clockRate: 48_000, channels: 2, parameters: new Map(), ...format },
      ...{ transport: 'ordered', clock, log: pino({ level: 'silent' }) },
      sink: {
        config: (config) => this.configs.push(config),
        frame: (frame) => this.frames.push(frame),
        jump: () => {},
      },
      failed: ({ message }) => this.failures.push(message),
    });
  }

  hear(timestamp: number, payload: readonly number[], marker = true): this {
    this.receiver.rtp(this.packets.packet({ payload: Uint8Array.from(payload), timestamp, marker }));
    return this;
  }

  get heard(): number[][] {
    return this.frames.map(({ data, size }) => {
      const bytes = [...Buffer.concat(data)];
      expect(bytes.length).toBe(size);
      return bytes;
    });
  }
}

describe('AAC', () => {
  const parameters = new Map([
    ['mode', 'AAC-hbr'],
    ['config', '1190'],
    ['sizelength', '13'],
    ['indexlength', '3'],
    ['indexdeltalength', '3'],
  ]);
  /** Frames after their headers: 13 bits of size, 3 of index (RFC 3640, 3.3.6). */
  const together = (...frames: readonly (readonly number[])[]): number[] => [
    ...[0, 16 * frames.length],
    ...frames.flatMap(({ length }) => [length >> 5, (length << 3) & 0xff]),
    ...frames.flat(),
  ];
  const part = (size: number, ...piece: readonly number[]): number[] => [
    0,
    16,
    size >> 5,
    (size << 3) & 0xff,
    ...piece,
  ];

  test('is what its configuration says', () => {
    const heard = new Listening({ codec: 'aac', parameters }).hear(0, together([1, 2, 3]));
    expect(heard.configs).toEqual([
      {
        kind: 'audio',
        codec: 'aac',
        record: Uint8Array.of(0x11, 0x90),
        codecs: 'mp4a.40.2',
        sampleRate: 48_000,
        channels: 2,
      },
    ]);
    expect(heard.heard).toEqual([[1, 2, 3]]);
  });

  test.each([
    ['at 16 kHz, mono', '1408', 'mp4a.40.2', 16_000, 1],
    ['at a rate told in full', '17803e8010', 'mp4a.40.2', 32_000, 2],
    ['with spectral band replication', '2b118800', 'mp4a.40.5', 24_000, 2],
    ['that is missing', '', 'mp4a.40.2', 48_000, 2],
    ['that is no hex', 'xyz', 'mp4a.40.2', 48_000, 2],
  ])('with a configuration %s', (_, config, codecs, sampleRate, channels) => {
    const heard = new Listening({ codec: 'aac', parameters: new Map([...parameters, ['config', config]]) });
    expect(heard.hear(0, together([7])).configs).toMatchObject([{ codecs, sampleRate, channels }]);
  });

  test('with a configuration that breaks off is refused', () => {
    const heard = new Listening({ codec: 'aac', parameters: new Map([...parameters, ['config', '1780']]) });
    expect(heard.hear(0, together([7])).frames).toEqual([]);
    expect(heard.failures[0]).toMatch(
      /^the camera's sound can't be used: AudioSpecificConfig: expected more than 2 bytes/,
    );
  });

  test('in packets of several frames: each has its time', () => {
    const heard = new Listening({ codec: 'aac', parameters });
    for (let packet = 0; packet < 400; packet++) {
      heard.now = (1000 * 3 * 1024 * (packet + 1)) / 48_000;
      heard.hear(3 * 1024 * packet, together([1], [2, 2], [3, 3, 3]));
    }
    expect(heard.heard.slice(0, 4)).toEqual([[1], [2, 2], [3, 3, 3], [1]]);
    const late = heard.frames.slice(600);
    const steps = late.slice(1).map(({ time }, index) => time - late[index]!.time);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(1919);
    expect(Math.max(...steps)).toBeLessThanOrEqual(1921);
  });

  test('in several packets a frame', () => {
    const heard = new Listening({ codec: 'aac', parameters });
    heard
      .hear(0, part(5, 1, 2), false)
      .hear(0, part(5, 3, 4), false)
      .hear(0, part(5, 5))
      .hear(1024, together([6]));
    expect(heard.heard).toEqual([[1, 2, 3, 4, 5], [6]]);
  });

  test('with a part lost: that frame is left out, and no other', () => {
    const heard = new Listening({ codec: 'aac', parameters });
    heard.hear(0, part(5, 1, 2), false);
    heard.packets.lose();
    heard.hear(0, part(5, 5)).hear(1024, together([6]));
    expect(heard.heard).toEqual([[6]]);
    expect(heard.receiver.counts).toMatchObject({ lost: 1, leftOut: 2, frames: 1 });
  });

  test.each([
    ['nothing', []],
    ['a head alone', [0, 16]],
    ['headers longer than the packet', [0xff, 0xff, 0, 8, 1]],
    ['half a header', [0, 8, 0, 1]],
    ['several frames, longer than the packet', [0, 32, 0, 8, 0, 80, 1]],
    ['a frame longer than any', [0, 16, 0xff, 0xf8, 1]],
  ])('as %s is no frame', (_, payload) => {
    const heard = new Listening({ codec: 'aac', parameters }).hear(0, payload).hear(1024, together([6]));
    expect(heard.heard).toEqual([[6]]);
  });

  test('laid out as the camera says', () => {
    const low = new Map([...parameters, ['sizelength', '6'], ['indexlength', '2'], ['indexdeltalength', '2']]);
    const heard = new Listening({ codec: 'aac', parameters: low }).hear(0, [0, 16, 2 << 2, 1 << 2, 5, 6, 7]);
    expect(heard.heard).toEqual([[5, 6], [7]]);
  });
});

test('Opus: a packet is a frame', () => {
  const heard = new Listening({ codec: 'opus', parameters: new Map([['sprop-stereo', '1']]) });
  heard.hear(0, [0xfc, 1, 2]).hear(960, [0xfc, 3]);
  expect(heard.heard).toEqual([
    [0xfc, 1, 2],
    [0xfc, 3],
  ]);
  expect(heard.configs).toMatchObject([{ codec: 'opus', codecs: 'opus', sampleRate: 48_000, channels: 2 }]);
  expect([...heard.configs[0]!.record]).toEqual([0, 2, 0, 0, 0, 0, 0xbb, 0x80, 0, 0, 0]);
});

test.each([
  ['pcmu', 'ulaw'],
  ['pcma', 'alaw'],
] as const)('G.711, %s: a packet is a frame', (codec, codecs) => {
  const heard = new Listening({ codec, clockRate: 8000, channels: 1 }).hear(0, [1, 2, 3]).hear(3, []).hear(3, [4]);
  expect(heard.heard).toEqual([[1, 2, 3], [4]]);
  expect(heard.configs).toMatchObject([{ codec, codecs, sampleRate: 8000, channels: 1 }]);
});
