import type { CameraOffer } from '../rtsp/camera-offer.ts';
import { about, type Figures, type Finding } from './finding.ts';
import type { RtspStream } from './observation.ts';

/** What a camera offers, for machines. What it calls itself and its codecs is bounded: it may say anything. */
export function offerFigures({ media, challenges, methods, server }: CameraOffer): Figures {
  const offers = media.map(({ kind, encoding }) => `${kind} ${encoding}`.trim()).join(', ');
  return {
    ...present('offers', offers),
    ...present('asksWhoIsThereBy', challenges.join(', ')),
    ...present('methods', methods.join(', ')),
    ...present('server', server),
  };
}

const MAX_FIGURE_LENGTH = 200;
const present = (name: string, text = ''): Figures =>
  text === '' ? {} : { [name]: text.replaceAll(/[^ -~]/g, '?').slice(0, MAX_FIGURE_LENGTH) };

/** What of a camera's offer could be better for this stream. Pure. */
export function offerFindings(stream: RtspStream, { transports, answered }: CameraOffer): Finding[] {
  const finding = about('camera', stream.stream);
  const warnings = [transportWarning(stream, transports), inTheClear(stream, answered)];
  return warnings.filter((warning) => warning !== undefined).map((warning) => finding.warning(warning));
}

function transportWarning({ transport }: RtspStream, { tcp, udp }: CameraOffer['transports']): string | undefined {
  switch (transport) {
    case 'tcp':
      if (tcp === undefined || udp !== undefined) return undefined;
      return 'refuses TCP and is watched over UDP, where packets get lost: turn on RTP over RTSP in the camera';
    case 'udp':
      if (udp === undefined || tcp !== undefined) return undefined;
      return 'refuses UDP and is watched over TCP: set "transport" to "tcp"';
  }
}

function inTheClear({ input }: RtspStream, answered: string | undefined): string | undefined {
  if (answered !== 'Basic' || input.scheme === 'rtsps') return undefined;
  return 'takes the password in the clear (Basic), for all on its network to read: turn on Digest in the camera';
}
