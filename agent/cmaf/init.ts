import { TIMESCALE } from '../../protocol/units.ts';
import type { VideoConfig } from '../media/track.ts';
import { BoxWriter } from './box.ts';

/** The only track of every init segment and fragment. */
export const TRACK_ID = 1;

/** Room for everything but the decoder's configuration. */
const CAPACITY = 1024;

/** No rotation, no scaling (14496-12, 8.2.2.2). */
const UNITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000] as const;

/** `und`, in three times 5 bits (14496-12, 8.4.2.2). */
const UNDETERMINED_LANGUAGE = 0x55c4;

/** 72 per inch in 16.16, what every file says (14496-12, 12.1.3). */
const RESOLUTION = 0x480000;

/** Sample entry and the box in it that holds the record (14496-15, 5.4.2.1 and 8.4.1): all parameter sets are in there. */
const SAMPLE_ENTRIES = {
  h264: { entry: 'avc1', record: 'avcC' },
  h265: { entry: 'hvc1', record: 'hvcC' },
} as const;

/** Init segment of a representation: the CMAF header (ISO/IEC 23000-19, 7.3.1), `ftyp` and `moov`. */
export function initSegment(track: VideoConfig): Uint8Array {
  const { codec, record, width, height, pixelAspect } = track;
  const boxes = SAMPLE_ENTRIES[codec];
  const w = new BoxWriter(CAPACITY + record.length);

  /** Visual sample entry (14496-12, 12.1.3). */
  const sampleEntry = () => {
    w.zeros(6);
    w.u16(1); // data_reference_index
    w.zeros(16);
    w.u16(width, height);
    w.u32(RESOLUTION, RESOLUTION, 0);
    w.u16(1); // frame_count
    w.zeros(32); // compressorname
    w.u16(0x18, 0xffff); // depth, pre_defined
    w.box(boxes.record, () => w.bytes(record));
    w.box('pasp', () => w.u32(pixelAspect.horizontal, pixelAspect.vertical)); // 14496-12, 12.1.4
  };

  /** Sample table (14496-12, 8.5.1): in fragmented files only what describes the samples; the fragments have the rest. */
  const stbl = () => {
    w.fullBox('stsd', 0, 0, () => {
      w.u32(1);
      w.box(boxes.entry, sampleEntry);
    });
    w.fullBox('stts', 0, 0, () => w.u32(0));
    w.fullBox('stsc', 0, 0, () => w.u32(0));
    w.fullBox('stsz', 0, 0, () => w.u32(0, 0));
    w.fullBox('stco', 0, 0, () => w.u32(0));
  };

  const minf = () => {
    w.fullBox('vmhd', 0, 1, () => w.zeros(8)); // 14496-12, 12.1.2
    w.box('dinf', () => {
      w.fullBox('dref', 0, 0, () => {
        w.u32(1);
        w.fullBox('url ', 0, 1, () => {}); // 8.7.2, flag 1: the samples are in this very file
      });
    });
    w.box('stbl', stbl);
  };

  const mdia = () => {
    // 8.4.2: created, modified, timescale, duration
    w.fullBox('mdhd', 0, 0, () => {
      w.u32(0, 0, TIMESCALE, 0);
      w.u16(UNDETERMINED_LANGUAGE, 0);
    });
    // 8.4.3
    w.fullBox('hdlr', 0, 0, () => {
      w.u32(0);
      w.text('vide');
      w.zeros(12);
      w.text('Video\0');
    });
    w.box('minf', minf);
  };

  /** Track header (14496-12, 8.3.2), flags: enabled, in movie. Its size is the one to display, in square pixels. */
  const tkhd = () => {
    w.u32(0, 0, TRACK_ID, 0, 0); // created, modified, id, reserved, duration
    w.zeros(16); // reserved, layer, alternate_group, volume, reserved
    w.u32(...UNITY_MATRIX);
    w.u32(Math.round((width * 0x10000 * pixelAspect.horizontal) / pixelAspect.vertical), height * 0x10000);
  };

  /** Movie header (14496-12, 8.2.2). */
  const mvhd = () => {
    w.u32(0, 0, TIMESCALE, 0); // created, modified, timescale, duration
    w.u32(0x10000); // rate 1
    w.u16(0x100); // volume 1
    w.zeros(10);
    w.u32(...UNITY_MATRIX);
    w.zeros(24);
    w.u32(TRACK_ID + 1); // next_track_ID
  };

  // 23000-19, 7.2: brand `cmfc` for tracks and their headers, on the structure of `iso6`; `dash` is 23009-1's.
  w.box('ftyp', () => {
    w.text('cmfc');
    w.u32(0);
    w.text('iso6cmfcdash');
  });
  w.box('moov', () => {
    w.fullBox('mvhd', 0, 0, mvhd);
    w.box('trak', () => {
      w.fullBox('tkhd', 0, 3, tkhd);
      w.box('mdia', mdia);
    });
    // 8.8.1 and 8.8.3: there will be fragments; their defaults are in the fragments themselves
    w.box('mvex', () => w.fullBox('trex', 0, 0, () => w.u32(TRACK_ID, 1, 0, 0, 0)));
  });
  return w.finish();
}
