import { defaultReaderConfig, findIsoBox, readIsoBoxes, type IsoBoxReadView } from '@svta/cml-iso-bmff';
import { expect, test } from 'vitest';
import { initSegment } from '../../agent/cmaf/init.ts';
import type { VideoConfig } from '../../agent/media/track.ts';
import { boxContent, splitBoxes } from '../../protocol/boxes.ts';

const avcC = Uint8Array.from(
  Buffer.from('0142c01effe1000967 42c01eda02802d80 01000468ce3c80'.replaceAll(' ', ''), 'hex'),
);
const TRACK: VideoConfig = {
  ...{ kind: 'video', codec: 'h264', record: avcC, codecs: 'avc1.42C01E', width: 640, height: 360 },
  pixelAspect: { horizontal: 1, vertical: 1 },
};

const bytesOf = (view: IsoBoxReadView): number[] => view.readData(view.bytesRemaining).values().toArray();

/** What the library has no readers for. */
const readers = {
  ...defaultReaderConfig().readers,
  avcC: (view: IsoBoxReadView) => ({ type: 'avcC', bytes: bytesOf(view) }),
  hvcC: (view: IsoBoxReadView) => ({ type: 'hvcC', bytes: bytesOf(view) }),
  pasp: (view: IsoBoxReadView) => ({ type: 'pasp', hSpacing: view.readUint(4), vSpacing: view.readUint(4) }),
  stsc: (view: IsoBoxReadView) => ({ type: 'stsc', ...view.readFullBox(), entryCount: view.readUint(4) }),
  stco: (view: IsoBoxReadView) => ({ type: 'stco', ...view.readFullBox(), entryCount: view.readUint(4) }),
  stsz: (view: IsoBoxReadView) => ({
    type: 'stsz',
    ...view.readFullBox(),
    sampleSize: view.readUint(4),
    sampleCount: view.readUint(4),
  }),
};

const boxOf = (init: Uint8Array, type: string): object | null =>
  findIsoBox(readIsoBoxes(init, { readers }), (box) => box.type === type);

const UNITY = [1, 0, 0, 0, 1, 0, 0, 0, 0x4000];

test('an independent reader finds every box with its values', () => {
  const init = initSegment(TRACK);
  const expected: Record<string, object> = {
    ftyp: { majorBrand: 'cmfc', minorVersion: 0, compatibleBrands: ['iso6', 'cmfc', 'dash'] },
    mvhd: { version: 0, timescale: 90_000, duration: 0, rate: 1, volume: 1, nextTrackId: 2 },
    tkhd: { flags: 3, trackId: 1, duration: 0, volume: 0, width: 640, height: 360, layer: 0, alternateGroup: 0 },
    mdhd: { timescale: 90_000, duration: 0, language: 'und' },
    hdlr: { handlerType: 'vide', name: 'Video' },
    vmhd: { flags: 1, graphicsmode: 0, opcolor: [0, 0, 0] },
    dref: { entryCount: 1 },
    stsd: { entryCount: 1 },
    stts: { entryCount: 0 },
    stsc: { entryCount: 0 },
    stsz: { sampleSize: 0, sampleCount: 0 },
    stco: { entryCount: 0 },
    trex: {
      trackId: 1,
      defaultSampleDescriptionIndex: 1,
      defaultSampleDuration: 0,
      defaultSampleSize: 0,
      defaultSampleFlags: 0,
    },
  };
  for (const [type, values] of Object.entries(expected)) expect(boxOf(init, type), type).toMatchObject(values);
  for (const type of ['mvhd', 'tkhd']) expect(boxOf(init, type)).toMatchObject({ matrix: UNITY });
  expect(boxOf(init, 'dref')).toMatchObject({ entries: [{ type: 'url ', flags: 1 }] });
  expect(boxOf(init, 'stsd')).toMatchObject({
    entries: [
      {
        type: 'avc1',
        dataReferenceIndex: 1,
        width: 640,
        height: 360,
        horizresolution: 72,
        vertresolution: 72,
        frameCount: 1,
        depth: 0x18,
        preDefined3: -1,
        boxes: [
          { type: 'avcC', bytes: [...avcC] },
          { type: 'pasp', hSpacing: 1, vSpacing: 1 },
        ],
      },
    ],
  });
});

test('pixels that are not square are told, and the size to display reckons with them', () => {
  const init = initSegment({ ...TRACK, width: 1440, height: 1080, pixelAspect: { horizontal: 4, vertical: 3 } });
  expect(boxOf(init, 'tkhd')).toMatchObject({ width: 1920, height: 1080 });
  expect(boxOf(init, 'stsd')).toMatchObject({
    entries: [{ width: 1440, height: 1080, boxes: [{}, { hSpacing: 4, vSpacing: 3 }] }],
  });
});

test('H.265 has a sample entry and a record of its own', () => {
  const init = initSegment({ ...TRACK, codec: 'h265', record: Uint8Array.of(1, 2, 3) });
  expect(boxOf(init, 'stsd')).toMatchObject({
    entries: [{ type: 'hvc1', width: 640, height: 360, boxes: [{ type: 'hvcC', bytes: [1, 2, 3] }, { type: 'pasp' }] }],
  });
});

/** Boxes as `type(children)`, every byte of each accounted for. */
function outline(bytes: Uint8Array): string {
  const containers = ['moov', 'trak', 'mdia', 'minf', 'dinf', 'stbl', 'mvex'];
  const { boxes, length } = splitBoxes(bytes);
  expect(length).toBe(bytes.length);
  const names = boxes.map((box) =>
    containers.includes(box.type) ? `${box.type}(${outline(boxContent(bytes, box))})` : box.type,
  );
  return names.join(' ');
}

test('boxes are where they belong, and fill the bytes', () => {
  expect(outline(initSegment(TRACK))).toBe(
    'ftyp moov(mvhd trak(tkhd mdia(mdhd hdlr minf(vmhd dinf(dref) stbl(stsd stts stsc stsz stco)))) mvex(trex))',
  );
});

test('however long the configuration is, it is there', () => {
  const long = Uint8Array.from({ length: 5000 }, (_, index) => index & 0xff);
  const init = initSegment({ ...TRACK, record: long });
  expect(splitBoxes(init).length).toBe(init.length);
  expect(Buffer.from(init).includes(Buffer.from(long))).toBe(true);
});
