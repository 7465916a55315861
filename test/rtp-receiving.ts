import { pino } from 'pino';
import type { Clock } from '../agent/clock.ts';
import type { Failure } from '../agent/media/failure.ts';
import type { Frame } from '../agent/media/frame.ts';
import type { TrackConfig } from '../agent/media/track.ts';
import type { MediaFormat } from '../agent/rtp/format.ts';
import { RtpReceiver, type RtpReceiverOptions } from '../agent/rtp/receiver.ts';
import { milliseconds } from '../protocol/units.ts';
import { PAYLOAD_TYPE } from './rtp-packetizer.ts';

/** A receiver whose time goes by as the test says, and all that it tells. */
export class Receiving {
  readonly receiver: RtpReceiver;
  readonly configs: TrackConfig[] = [];
  readonly frames: Frame[] = [];
  readonly jumps: number[] = [];
  readonly failures: Failure[] = [];
  readonly said: string[] = [];
  /** Milliseconds since the start. */
  now = 0;

  constructor(format: Partial<MediaFormat> = {}, transport: RtpReceiverOptions['transport'] = 'ordered') {
    const clock: Clock = {
      monotonic: () => milliseconds(this.now),
      wall: () => milliseconds(Date.UTC(2026, 10, 25) + this.now),
      sleep: () => Promise.resolve(),
    };
    this.receiver = new RtpReceiver({
      format: {
        ...{ codec: 'h264', payloadType: PAYLOAD_TYPE, clockRate: 90_000, channels: 1, parameters: new Map() },
        ...format,
      },
      ...{ transport, clock },
      sink: {
        config: (config) => this.configs.push(config),
        frame: (frame) => this.frames.push(frame),
        jump: (by) => this.jumps.push(by),
      },
      failed: (failure) => this.failures.push(failure),
      log: pino(
        { level: 'debug', base: null, timestamp: false },
        { write: (line: string) => this.said.push((JSON.parse(line) as { msg: string }).msg) },
      ),
    });
  }

  /** @param apart milliseconds from packet to packet */
  take(packets: readonly Uint8Array[], apart = 0): this {
    for (const packet of packets) {
      this.receiver.rtp(packet);
      this.now += apart;
    }
    return this;
  }
}

/** A frame's NAL units. */
export function unitsOf(frame: Frame | undefined): Uint8Array[] {
  const bytes = Buffer.concat(frame?.data ?? []);
  if (bytes.length !== (frame?.size ?? 0)) throw new Error(`expected ${frame?.size} bytes, got ${bytes.length}`);
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error(`expected ${end} bytes at least, got ${bytes.length}`);
    units.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  return units;
}
