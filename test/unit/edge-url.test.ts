import { expect, test } from 'vitest';
import { segmentNumber, type RepresentationId, type StreamName } from '../../protocol/names.ts';
import { agentPath, mediaPath } from '../../protocol/paths.ts';
import { baseOf, edgeUrl } from '../../agent/upload/edge.ts';

const FRONT = 'front' as StreamName;
const SEGMENT = { kind: 'segment', representation: '0' as RepresentationId, number: segmentNumber(7) } as const;

test.for<[edge: string, base: string]>([
  ['https://edge.example', 'https://edge.example/'],
  ['https://edge.example/', 'https://edge.example/'],
  ['http://[::1]:8000', 'http://[::1]:8000/'],
  ['https://example.org/cameras', 'https://example.org/cameras/'],
  ['https://example.org/cameras/', 'https://example.org/cameras/'],
  ['https://example.org/a/b', 'https://example.org/a/b/'],
])('all of the edge at %s is asked for below it', ([edge, base]) => {
  const at = { base: baseOf(edge) };
  expect(edgeUrl(at, '/').href).toBe(base);
  expect(edgeUrl(at, agentPath(FRONT)).href).toBe(`${base}api/streams/front/agent`);
  expect(edgeUrl(at, mediaPath(FRONT, SEGMENT)).href).toBe(`${base}front/chunk-stream0-7.m4s`);
});
