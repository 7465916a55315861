import { MASK } from './mask.ts';

/**
 * Parameters as cameras' URLs have them, in query or path: `?user=a&password=b`, `/user=a_password=b_channel=1`. Nobody
 * can know all names of secrets (`jwt`, `apikey`, `authToken`, `passcode` …), so every value is one that is not known to
 * be harmless.
 */
const HARMLESS_NAMES = new Set(
  [
    'channel ch chn chl channelid subtype stream streamid streamno streamtype stream_type track trackid substream',
    'profile profileid profilename unicast multicast proto protocol transport transportmode transmode mode',
    'video audio videocodec audiocodec codec encoder format resolution size width height fps framerate bitrate quality',
    'camera cam cameraid input inst line h26x type source sourceid starttime endtime sessiontimeout enablesrtp',
  ].flatMap((names) => names.split(' ')),
);
const OF_CREDENTIALS = ['user', 'username', 'usr', 'password', 'passwd', 'passw', 'pass', 'pwd', 'psw'];
/** No longer than what people call a channel or a profile: a token is longer. */
const TAME = /^[\w.:-]{0,20}$/;
const FLAG = /^(?:0|1|true|false|yes|no|on|off)$/i;
const NAME = /^[\w.-]{1,32}$/;
/** Said of a name where nothing tells that it is one of a URL. */
const SOUNDS_SECRET =
  /(?:pass|passw|passwd|password|passcode|passphrase|pwd|psw|pin|secret|token|auth|key|jwt|sig|signature|session|ticket)$/i;

/** `_` divides only before a name that is known: it stands in tokens, too. */
const KNOWN_NAMES = [...HARMLESS_NAMES, ...OF_CREDENTIALS].join('|');
const SEPARATOR = new RegExp(`([/?&;,#]|_(?=(?:${KNOWN_NAMES})=))`, 'i');

/** Pieces that make up the text again; of some it is known that they are no secret. */
interface Piece {
  readonly text: string;
  readonly isSecret: boolean;
}

/** @param text a URL from the path on, or a part of that, without white space */
export function maskParameters(text: string): string {
  return pieces(text)
    .map(({ text: piece, isSecret }) => (isSecret ? MASK : piece))
    .join('');
}

/** What {@link maskParameters} masks. */
export const secretParameters = (text: string): string[] =>
  pieces(text).flatMap(({ text: piece, isSecret }) => (isSecret ? [piece] : []));

/** Of a text that may be no URL: what its name alone says is secret. */
export const maskNamedSecrets = (text: string): string => text.replaceAll(ASSIGNMENT, maskNamed);

const ASSIGNMENT = /(?<=[/?&;,_])([\w.-]{1,32})=([^/?&;,#_]+)/g;
const maskNamed = (text: string, name: string): string => (SOUNDS_SECRET.test(name) ? `${name}=${MASK}` : text);

function pieces(text: string): Piece[] {
  let isQuery = false;
  return text.split(SEPARATOR).flatMap((part, index) => {
    // Every other one is a separator.
    if (index % 2 === 1) {
      if (part === '?' || part === '#') isQuery = true;
      return [{ text: part, isSecret: false }];
    }
    return parameter(part, isQuery);
  });
}

function parameter(part: string, isQuery: boolean): Piece[] {
  const equals = part.indexOf('=');
  const name = equals === -1 ? part : part.slice(0, equals);
  const value = equals === -1 ? '' : part.slice(equals + 1);
  const isHarmless = HARMLESS_NAMES.has(name.toLowerCase()) ? TAME.test(value) : FLAG.test(value);
  if (part === '' || isHarmless) return [{ text: part, isSecret: false }];
  // Without a value, or with the padding of base64 for one, it may be the secret itself; in a path it is a folder.
  const isBare = /^=*$/.test(value) || !NAME.test(name);
  if (isBare) return [{ text: part, isSecret: isQuery }];
  return [
    { text: `${name}=`, isSecret: false },
    { text: value, isSecret: true },
  ];
}
