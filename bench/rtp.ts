import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { fragment } from '../agent/cmaf/fragment.ts';
import type { Clock } from '../agent/clock.ts';
import type { Frame } from '../agent/media/frame.ts';
import { RtpReceiver, type RtpReceiverOptions } from '../agent/rtp/receiver.ts';
import { milliseconds, ticks } from '../protocol/units.ts';
import { PROGRESSIVE, sps } from '../test/avc-picture.ts';
import { AVC_PACKING, packed, Packetizer } from '../test/rtp-packetizer.ts';

/**
 * What an RTP packet costs on its way into a frame, and into a fragment: H.264 as a camera sends it, a keyframe every two
 * seconds, in packets that are views of what a socket hands over. How many microseconds a packet, and what share of a core
 * a camera.
 */
const { values } = parseArgs({
  options: {
    fps: { type: 'string', default: '25' },
    kbps: { type: 'string', default: '4000' },
    /** Of media, for each row. */
    seconds: { type: 'string', default: '600' },
  },
});
const fps = Number(values.fps);
const GOP_SECONDS = 2;
/** A keyframe is so many times as large as another frame. */
const KEYFRAME = 8;
const CHUNK_BYTES = 65_536;

const gop = Math.round(fps * GOP_SECONDS);
const bytesAFrame = (Number(values.kbps) * 125 * GOP_SECONDS) / (gop - 1 + KEYFRAME);
const sets = [Uint8Array.from(sps({ ...PROGRESSIVE, across: 120, down: 68 })), Uint8Array.of(0x68, 0xce, 0x3c, 0x80)];
const slice = (key: boolean): Uint8Array => {
  const unit = new Uint8Array(Math.round(bytesAFrame * (key ? KEYFRAME : 1)));
  // As random as what is compressed, but for start codes.
  for (let at = 0; at < unit.length; at++) unit[at] = 1 + Math.floor(Math.random() * 255);
  unit.set([key ? 0x65 : 0x41, 0x88]);
  return unit;
};

const rows = (['ordered', 'datagrams'] as const).flatMap((transport) => [
  measure(transport, 'frames'),
  measure(transport, 'fragments'),
]);
// oxlint-disable-next-line no-console -- what it is run for
console.table(rows);

function measure(transport: RtpReceiverOptions['transport'], into: 'frames' | 'fragments') {
  let now = 0;
  // Time goes by as the packets say, but to read it costs what it costs.
  const clock: Clock = {
    monotonic: () => milliseconds(performance.now() - performance.now() + now),
    wall: () => milliseconds(Date.now() - Date.now() + 1.795e12 + now),
    sleep: () => Promise.resolve(),
  };
  let [frames, bytes] = [0, 0];
  const take = (frame: Frame): void => {
    frames += 1;
    bytes += frame.size;
    if (into === 'frames') return;
    bytes -= frame.size;
    bytes += fragment({ sequenceNumber: frames, frames: [{ ...frame, duration: ticks(3600) }] }).length;
  };
  const receiver = new RtpReceiver({
    format: { codec: 'h264', payloadType: 96, clockRate: 90_000, channels: 1, parameters: new Map() },
    ...{ transport, clock, sink: { config: () => {}, frame: take, jump: () => {} }, failed: () => {} },
    log: pino({ level: 'silent' }),
  });
  const packetizer = new Packetizer();
  const pictures = Array.from({ length: gop }, (_, index) =>
    packed([...(index === 0 ? sets : []), slice(index === 0)], AVC_PACKING),
  );
  let [packets, spent] = [0, 0];
  for (let time = 0, index = 0; time < Number(values.seconds); time += GOP_SECONDS) {
    const arrivals = pictures.map((payloads, at) =>
      inChunks(packetizer.packets(payloads, ((index + at) * 90_000) / fps)),
    );
    const began = process.cpuUsage();
    for (const arrival of arrivals) {
      for (const packet of arrival) receiver.rtp(packet);
      packets += arrival.length;
      index += 1;
      now = (index * 1000) / fps;
    }
    const { user, system } = process.cpuUsage(began);
    spent += user + system;
  }
  if (frames < (Number(values.seconds) - GOP_SECONDS) * fps) throw new Error(`expected all frames, got ${frames}`);
  return {
    ...{ transport, into },
    'packets/s': Math.round((packets / spent) * 1e6),
    'µs a packet': Number((spent / packets).toFixed(2)),
    'µs a frame': Number((spent / frames).toFixed(1)),
    'CPU % a camera': Number((spent / Number(values.seconds) / 1e4).toFixed(3)),
    'MB/s': Math.round(bytes / spent),
  };
}

/** Views of larger pieces, as a socket hands them over. */
function inChunks(packets: readonly Uint8Array[]): Uint8Array[] {
  const views: Uint8Array[] = [];
  let [chunk, at] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), 0];
  for (const packet of packets) {
    if (at + packet.length > CHUNK_BYTES) [chunk, at] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), 0];
    chunk.set(packet, at);
    views.push(chunk.subarray(at, (at += packet.length)));
  }
  return views;
}
