/** Packets as networks lose and mix them up, and as cameras should never send them: frames as they were sent, or none. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { initSegment } from '../../agent/cmaf/init.ts';
import type { RtpReceiverOptions } from '../../agent/rtp/receiver.ts';
import { PROGRESSIVE, sps } from '../avc-picture.ts';
import { HEVC_PROGRESSIVE, hevcSps } from '../hevc-picture.ts';
import { AVC_PACKING, HEVC_PACKING, packed, Packetizer, type Packing } from '../rtp-packetizer.ts';
import { Receiving, unitsOf } from '../rtp-receiving.ts';
import { splitBoxes } from '../../protocol/boxes.ts';
import { mutated, shuffled } from './mutations.ts';

const { seed, inputs: numRuns } = inject('fuzz');

interface Codec {
  readonly codec: 'h264' | 'h265';
  readonly packing: Packing;
  readonly sets: readonly Uint8Array[];
  /** Headers of slices: of a keyframe, and of another frame. */
  readonly key: readonly number[];
  readonly other: readonly number[];
}
const AVC: Codec = {
  ...{ codec: 'h264', packing: AVC_PACKING, key: [0x65], other: [0x41] },
  sets: [Uint8Array.from(sps(PROGRESSIVE)), Uint8Array.of(0x68, 0xce, 0x3c, 0x80)],
};
const HEVC: Codec = {
  ...{ codec: 'h265', packing: HEVC_PACKING, key: [19 << 1, 1], other: [1 << 1, 1] },
  sets: [
    Uint8Array.from(Buffer.from('40010c01ffff01600000030090000003000003003c959409', 'hex')),
    hevcSps(HEVC_PROGRESSIVE),
    Uint8Array.of(0x44, 1, 0xc1, 0x72, 0xb4, 0x62, 0x40),
  ],
};

/** A picture as it was sent. */
interface Sent {
  readonly key: boolean;
  readonly units: readonly Uint8Array[];
  readonly packets: readonly Uint8Array[];
}

/** What a slice holds: no start codes, as encoders see to. */
const body = fc
  .uint8Array({ maxLength: 400 })
  .map((bytes) => bytes.map((byte, index) => (byte === 0 && index % 2 === 0 ? 0x80 : byte)));

const picture = fc.record({
  slices: fc.array(body, { minLength: 1, maxLength: 4 }),
  size: fc.integer({ min: 4, max: 1500 }),
  together: fc.boolean(),
});
const stream = fc.record({
  codec: fc.constantFrom(AVC, HEVC),
  pictures: fc.array(picture, { minLength: 2, maxLength: 12 }),
  gop: fc.integer({ min: 1, max: 5 }),
  marked: fc.constantFrom('last' as const, 'last' as const, 'none' as const),
  first: fc.nat({ max: 65_535 }),
});

function send({
  codec,
  pictures,
  gop,
  marked,
  first,
}: typeof stream extends fc.Arbitrary<infer T> ? T : never): Sent[] {
  const packetizer = new Packetizer(first);
  return pictures.map(({ slices, size, together }, index) => {
    const key = index % gop === 0;
    const units = slices.map((slice, at) =>
      Uint8Array.of(...(key ? codec.key : codec.other), at === 0 ? 0x88 : 0x18, ...slice, 0x80),
    );
    const all = [...(key ? codec.sets : []), ...units];
    const total = all.reduce((sum, unit) => sum + unit.length, 0);
    const payloads = together && total < 1400 ? [codec.packing.aggregate(all)] : packed(all, codec.packing, size);
    return { key, units, packets: packetizer.packets(payloads, 3600 * index, marked) };
  });
}

const textOf = (units: readonly Uint8Array[]): string =>
  units.map((unit) => Buffer.from(unit).toString('hex')).join(' ');

/** Each frame is one that was sent, in order, and each one that is none to begin with follows on the one before it. */
function expectDecodable(to: Receiving, sent: readonly Sent[]): void {
  let last = -1;
  for (const frame of to.frames) {
    const text = textOf(unitsOf(frame));
    const index = sent.findIndex(({ units }, at) => at > last && textOf(units) === text);
    assert(index > last, 'a frame that was not sent, or not then');
    assert.equal(frame.keyframe, sent[index]!.key);
    assert(frame.keyframe || index === last + 1, 'a frame whose predecessor is missing');
    last = index;
  }
}

test(`packets of any size make the frames they were made of, by seed ${seed}`, { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(stream, (streamed) => {
      const sent = send(streamed);
      const to = new Receiving({ codec: streamed.codec.codec });
      to.take(sent.flatMap(({ packets }) => packets));
      const complete = streamed.marked === 'last' ? sent : sent.slice(0, -1);
      assert.deepEqual(
        to.frames.map((frame) => textOf(unitsOf(frame))),
        complete.map(({ units }) => textOf(units)),
      );
      assert.deepEqual(to.said, []);
    }),
    { seed, numRuns: numRuns / 10 },
  );
});

test(
  `of packets lost, doubled and reordered nothing comes that can't be decoded, by seed ${seed}`,
  { timeout: 120_000 },
  () => {
    const outcomes = { whole: 0, less: 0 };
    const transports = fc.constantFrom<RtpReceiverOptions['transport']>('ordered', 'datagrams');
    const fate = fc.record({ lost: fc.constantFrom(0, 0, 0, 1, 2), doubled: fc.boolean(), late: fc.nat({ max: 6 }) });
    fc.assert(
      fc.property(stream, transports, fc.array(fate, { minLength: 1, maxLength: 40 }), (streamed, transport, fates) => {
        const sent = send(streamed);
        const arriving = sent
          .flatMap(({ packets }) => packets)
          .flatMap((packet, index) => {
            const { lost, doubled, late } = fates[index % fates.length]!;
            if (lost > 0 && (index + lost) % 7 === 0) return [];
            // What keeps the order doubles nothing out of it.
            const due = transport === 'ordered' ? index : index + late;
            return doubled
              ? [
                  { packet, due },
                  { packet, due: due + (transport === 'ordered' ? 0 : 3) },
                ]
              : [{ packet, due }];
          })
          .toSorted((a, b) => a.due - b.due);
        const to = new Receiving({ codec: streamed.codec.codec }, transport);
        to.take(
          arriving.map(({ packet }) => packet),
          1,
        );
        expectDecodable(to, sent);
        outcomes[to.frames.length >= sent.length - 1 ? 'whole' : 'less'] += 1;
      }),
      { seed, numRuns: numRuns / 5 },
    );
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(numRuns / 100);
  },
);

/** Recorded dialogues to be mutated: as they are sent. */
const recordings = fc.sample(stream, { seed, numRuns: 20 }).map(send);

test(
  `${numRuns} streams gone wrong never stop, grow or break what is shown, by seed ${seed}`,
  { timeout: 300_000 },
  () => {
    const outcomes = { frames: 0, none: 0 };
    // Pieces of the stream in another order, twice; some packets are what has become of some.
    const wrong = fc.constantFrom(...recordings).chain((recording) => {
      const packets = recording.flatMap((each) => each.packets);
      const sets = recording.flatMap(({ key, packets: [first] }) => (key && first !== undefined ? [first] : []));
      const changes = fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.oneof(mutated(packets), mutated(sets))), {
        maxLength: 20,
      });
      return fc.tuple(shuffled(packets), shuffled(packets), changes).map(([once, twice, changed]) => {
        const order = [...once, ...twice];
        for (const [at, instead, packet] of changed) order.splice(at % (order.length + 1), instead ? 1 : 0, packet);
        return order;
      });
    });
    const formats = fc.constantFrom('h264' as const, 'h265' as const);
    const transports = fc.constantFrom<RtpReceiverOptions['transport']>('ordered', 'datagrams');
    fc.assert(
      fc.property(wrong, formats, transports, fc.nat({ max: 40 }), (packets, codec, transport, apart) => {
        const to = new Receiving({ codec }, transport).take(packets, apart);
        let last = -Infinity;
        let size = 0;
        for (const frame of to.frames) {
          assert(unitsOf(frame).length > 0);
          assert(frame.time > last && Number.isInteger(frame.time));
          assert(frame.compositionOffset >= 0 && Number.isInteger(frame.compositionOffset));
          last = frame.time;
          size += frame.size;
        }
        const arrived = packets.reduce((sum, packet) => sum + packet.length, 0);
        // A frame may be told twice; a byte of a start code becomes a length at most.
        assert(size <= 2 * (arrived + 5 * arrived));
        assert.equal(to.jumps.length, 0);
        assert(to.frames.length === 0 || to.configs.length > 0);
        outcomes[to.frames.length > 0 ? 'frames' : 'none'] += 1;
      }),
      { seed, numRuns },
    );
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(numRuns / 10);
  },
);

test(
  `parameter sets gone wrong are taken, waited for, or refused with what they said, by seed ${seed}`,
  { timeout: 120_000 },
  () => {
    const outcomes = { taken: 0, missing: 0, refused: 0 };
    const sets = fc.constantFrom(AVC, HEVC).chain((codec) => {
      const set = fc.constantFrom(...codec.sets).chain((one) => fc.oneof(mutated([one]), fc.constant(one)));
      return fc.tuple(fc.constant(codec), fc.array(set, { maxLength: 8 }));
    });
    fc.assert(
      fc.property(sets, ([codec, some]) => {
        const packets = new Packetizer();
        const to = new Receiving({ codec: codec.codec });
        const key = Uint8Array.of(...codec.key, 0x88, 1, 2, 3);
        to.take(packets.packets([...some, key], 0));
        to.take(packets.packets([...codec.sets, key], 3600));
        for (const { message } of to.failures) {
          assert.match(
            message,
            /^the camera's video can't be used: (expected .+, got .+|.+: expected (.+, got .+|more than .+))$/,
          );
        }
        for (const config of to.configs)
          assert.deepEqual(
            splitBoxes(initSegment(config)).boxes.map(({ type }) => type),
            ['ftyp', 'moov'],
          );
        // Whatever was, the right ones make it right; but for those that have other ids and stay.
        assert(to.frames.length > 0 || to.failures.length > 0);
        outcomes[to.failures.length > 0 ? 'refused' : to.frames.length > 1 ? 'taken' : 'missing'] += 1;
      }),
      { seed, numRuns },
    );
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(0);
  },
);
