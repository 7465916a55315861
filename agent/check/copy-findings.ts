import { encodedQualities, isCopied } from '../config/schema.ts';
import { about, type Finding } from './finding.ts';
import type { Observation, CameraStream } from './observation.ts';
import { longestWithoutKeyframe } from './packet.ts';
import { codecName } from './source-video.ts';

/** Further apart keyframes may not be: whoever joins is given all frames since the last one. */
const MOST_BETWEEN_KEYFRAMES_S = 10;

/** What will become of a quality that is copied, and of those beside it; nothing where there is none. Pure. */
export function copyFindings(stream: CameraStream, seen: Observation): Finding[] {
  if (!stream.qualities.video.some(isCopied)) return [];
  const finding = about('camera', stream.stream);
  const why = whyNotCopied(seen);
  const encoded = encodedQualities(stream).map(
    ({ targetWidth, targetBitrate }) => `encoded ${targetWidth} pixels wide at ${targetBitrate} kbit/s`,
  );
  const copied = `copied as ${codecName(seen.video)} (${seen.video.codecs ?? 'of unknown kind'})`;
  const shown = [...(why === undefined ? [copied] : []), ...encoded];
  return [
    ...(why === undefined ? [] : [finding.broken(`not to be copied: ${why}`)]),
    ...(shown.length === 0 ? [] : [finding.fine(shown.join('; '))]),
    ...(why === undefined && seen.video.codec === 'hevc' && encoded.length === 0 ? [finding.warning(H265_ALONE)] : []),
  ];
}

function whyNotCopied({ instead, packets }: Observation): string | undefined {
  if (instead !== undefined) return instead.message;
  if (!packets.some(({ keyframe }) => keyframe)) {
    return 'it sends no keyframes (intra refresh), so no player can begin with its stream: let it send one every 1 to 2 s, or have it encoded here ("targetWidth" and "targetBitrate" instead of "copy")';
  }
  if (longestWithoutKeyframe(packets) > MOST_BETWEEN_KEYFRAMES_S) {
    return `its keyframes are more than ${MOST_BETWEEN_KEYFRAMES_S} s apart: let it send one every 1 to 2 s, or have it encoded here`;
  }
  return undefined;
}

const H265_ALONE =
  'not every browser plays H.265: add a quality with "targetWidth" and "targetBitrate" for the others, or choose H.264 in the camera';
