import { configSchema, streamsSchema } from '../config/schema.ts';
import type { Config } from '../config/load.ts';

/** One generated camera at an edge on this machine: something to look at before there is a camera. */
export function demoConfig(options: { readonly host: string; readonly port: number }): Config {
  const streams = streamsSchema.parse([
    {
      name: 'Fast-ll demo',
      stream: 'demo',
      type: 'GEN',
      targetFps: 25,
      // A fragment per frame: as low as latency goes.
      fragmentDuration: 0.04,
      targetLatency: 0.2,
      intraInterval: 25,
      alwaysOn: true,
      qualities: { video: [{ targetWidth: 1280, targetBitrate: 2000 }] },
    },
  ]);
  return { ...configSchema.parse({ ...options, streams: 'the demo' }), streams, ignored: [] };
}
