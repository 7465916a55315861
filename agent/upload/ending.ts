import { BoxWriter } from '../cmaf/box.ts';

/**
 * What a segment ends with when it is whole: an `mdat` box (ISO/IEC 14496-12, 8.1.1) that no sample is in, which players skip.
 * It holds the name of the encoder's run, so that nothing in the media is like it. The edge is told in the PUT's header: a
 * segment without it was cut, also where a proxy on the way has ended it as if it were whole.
 *
 * Not a `free` box: behind one dash.js 5.2 hands the fragment before it to the browser once more, which then drops all
 * that doesn't begin with a keyframe.
 */
export function segmentEnding(writer: string): Uint8Array {
  const box = new BoxWriter(8 + writer.length);
  box.box('mdat', () => box.text(writer));
  return box.finish();
}
