import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configJsonSchema, schemaFiles, streamsJsonSchema, type JsonSchema } from '../../agent/config/json-schema.ts';
import { configSchema, streamsSchema } from '../../agent/config/schema.ts';

/** The JSON schemas that editors use, against what the agent itself takes. */

/** From the README of the original. */
const CONFIG = {
  verbose: true,
  host: 'device.owndevice.net',
  port: 8000,
  streams: 'streams.json',
  sslKeyFile: '/path/to/cert.key',
  sslCertFile: '/path/to/cert.pem',
  timeDisplacement: 0,
  waitForAbsentSegment: true,
};
const STREAM = {
  name: 'Another Stream',
  stream: 'hik1',
  type: 'RTSP',
  input: 'rtsp://admin2:Admin!!!@192.168.0.89:554/h264/ch1/main/av_stream',
  targetFps: '10',
  segmentDuration: '1',
  fragmentDuration: '0.1',
  intraInterval: '10',
  serverSideRepresentationSwitching: true,
  saveStats: false,
  qualities: {
    video: [
      { targetWidth: '640', targetBitrate: '250' },
      { targetWidth: '640', targetBitrate: '500' },
      { targetWidth: '640', targetBitrate: '1000' },
    ],
  },
};
const STREAMS = [STREAM, { ...STREAM, stream: 'hik2', saveStats: true, targetLatency: '0.2' }];
const GENERATED = {
  name: '',
  stream: 'demo',
  type: 'GEN',
  qualities: { video: [{ targetWidth: 2, targetBitrate: 1 }] },
};

const DEVICE = { type: 'FFMPEG', input: '/dev/video0', inputOptions: ['-f', 'v4l2'] };

/** As much of JSON Schema (draft 7) as the schemas use; anything else is an error, so that nothing goes unchecked. */
const KEYWORDS: Record<string, (value: unknown, expected: never, schema: JsonSchema) => boolean> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  default: () => true,
  format: () => true,
  type: (value, type: string) => (Array.isArray(value) ? 'array' : typeof value) === type,
  const: (value, expected) => value === expected,
  enum: (value, allowed: unknown[]) => allowed.includes(value),
  not: (value, schema: JsonSchema) => !fits(value, schema),
  anyOf: (value, schemas: JsonSchema[]) => schemas.some((schema) => fits(value, schema)),
  oneOf: (value, schemas: JsonSchema[]) => schemas.filter((schema) => fits(value, schema)).length === 1,
  minimum: (value, least: number) => typeof value !== 'number' || value >= least,
  maximum: (value, most: number) => typeof value !== 'number' || value <= most,
  multipleOf: (value, step: number) => typeof value !== 'number' || value % step === 0,
  minLength: (value, least: number) => typeof value !== 'string' || value.length >= least,
  maxLength: (value, most: number) => typeof value !== 'string' || value.length <= most,
  pattern: (value, pattern: string) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minItems: (value, least: number) => !Array.isArray(value) || value.length >= least,
  maxItems: (value, most: number) => !Array.isArray(value) || value.length <= most,
  items: (value, schema: JsonSchema) => !Array.isArray(value) || value.every((item) => fits(item, schema)),
  required: (value, keys: string[]) => !isObject(value) || keys.every((key) => key in value),
  properties: (value, schemas: Record<string, JsonSchema>) =>
    !isObject(value) || Object.entries(schemas).every(([key, schema]) => !(key in value) || fits(value[key], schema)),
  dependencies: (value, needed: Record<string, string[]>) =>
    !isObject(value) ||
    Object.entries(needed).every(([key, keys]) => !(key in value) || keys.every((one) => one in value)),
};
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function fits(value: unknown, schema: JsonSchema): boolean {
  return Object.entries(schema).every(([keyword, expected]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`keyword "${keyword}" is not checked here`);
    return check(value, expected as never, schema);
  });
}

test.each(Object.entries(schemaFiles()))('schema/%s is what `npm run schema` writes', (name, content) => {
  expect(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8')).toBe(content);
});

describe('config.schema.json', () => {
  const schema = configJsonSchema();

  test.each<[what: string, config: unknown, good: boolean]>([
    ["the original's example", CONFIG, true],
    ['its own name', { $schema: './schema/config.schema.json', ...CONFIG }, true],
    ['numbers and truths as strings', { ...CONFIG, port: '8000', verbose: 'false', timeDisplacement: '-1.5' }, true],
    ['an edge elsewhere', { streams: 'streams.json', edge: 'https://live.example.com', token: 'x' }, true],
    ['no port and no edge', { streams: 'streams.json', host: 'localhost' }, false],
    ['no streams', { host: 'localhost', port: 8000 }, false],
    ['a port that is none', { ...CONFIG, port: 70_000 }, false],
    ['half a port', { ...CONFIG, port: 80.5 }, false],
    ['a key without its certificate', { streams: 's', host: 'h', port: 1, sslKeyFile: 'key.pem' }, false],
    ['a secret that is too short', { ...CONFIG, secret: 'short' }, false],
    ['an edge that is no web address', { streams: 'streams.json', edge: 'ftp://live.example.com' }, false],
    ['another playback', { ...CONFIG, playback: 'closed' }, false],
  ])('agrees with the agent on %s', (_, config, good) => {
    expect(configSchema.safeParse(config).success).toBe(good);
    expect(fits(config, schema)).toBe(good);
  });
});

describe('streams.schema.json', () => {
  const schema = streamsJsonSchema();

  test.each<[what: string, streams: unknown, good: boolean]>([
    ["the original's example", STREAMS, true],
    ['a generated picture', [{ ...GENERATED, qualities: STREAM.qualities }], true],
    ['numbers as numbers', [{ ...STREAM, targetFps: 12.5, segmentDuration: 2, timeShift: 0 }], true],
    ['what FFmpeg reads', [{ ...STREAM, ...DEVICE, serverSideRepresentationSwitching: false }], true],
    ['a chip', [{ ...STREAM, serverSideRepresentationSwitching: false, encoder: 'vaapi' }], true],
    ['another encoder', [{ ...STREAM, encoder: 'vdpau' }], false],
    ['options in one text', [{ ...STREAM, ...DEVICE, inputOptions: '-f v4l2' }], false],
    ['no stream', [], false],
    ['a camera without "input"', [{ ...GENERATED, type: 'RTSP', qualities: STREAM.qualities }], false],
    ['another type', [{ ...STREAM, type: 'HLS' }], false],
    ['a camera that is no RTSP URL', [{ ...STREAM, input: 'http://camera/' }], false],
    ['a name with a dash', [{ ...STREAM, stream: 'front-door' }], false],
    ['a name that is reserved', [{ ...STREAM, stream: 'api' }], false],
    ['too many frames', [{ ...STREAM, targetFps: 1000 }], false],
    ['a number that is none', [{ ...STREAM, targetFps: 'many' }], false],
    ['half a frame', [{ ...STREAM, intraInterval: 1.5 }], false],
    ['an odd width', [{ ...STREAM, qualities: { video: [{ targetWidth: 641, targetBitrate: 500 }] } }], false],
    ['no qualities', [{ ...STREAM, qualities: { video: [] } }], false],
  ])('agrees with the agent on %s', (_, streams, good) => {
    expect(streamsSchema.safeParse(streams).success).toBe(good);
    expect(fits(streams, schema)).toBe(good);
  });
});

test('every key is described, and those that may be left out of a stream say what they are then', () => {
  const [generated, camera, other] = (streamsJsonSchema().items as JsonSchema).oneOf ?? [];
  const objects = [configJsonSchema(), generated, camera, other] as JsonSchema[];
  const keys = objects.flatMap(({ properties }) => Object.entries(properties as Record<string, JsonSchema>));
  expect(keys.filter(([, { description }]) => description === undefined || description === '')).toEqual([]);
  for (const { properties, required } of [generated, camera, other] as JsonSchema[]) {
    const optional = Object.entries(properties as Record<string, JsonSchema>).filter(
      ([key]) => !required?.includes(key),
    );
    expect(optional.length).toBeGreaterThan(5);
    const isSaid = ({ default: value, description }: JsonSchema): boolean =>
      value !== undefined || /; else /.test(description ?? '');
    expect(optional.filter(([, schema]) => !isSaid(schema))).toEqual([]);
  }
});

test('defaults are those that the agent takes', () => {
  const [stream] = streamsSchema.parse([{ ...GENERATED, qualities: STREAM.qualities }]);
  const [generated] = (streamsJsonSchema().items as JsonSchema).oneOf as JsonSchema[];
  for (const [key, schema] of Object.entries(generated?.properties as Record<string, JsonSchema>)) {
    if (schema.default === undefined) continue;
    const taken: unknown = stream?.[key as keyof typeof stream];
    expect(typeof taken === 'number' ? Number(schema.default) : schema.default, key).toBe(taken);
  }
});
