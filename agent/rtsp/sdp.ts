/**
 * What a camera says it has (RFC 8866; RFC 2326, C). Line by line, and what makes no sense is passed over: half of all
 * cameras get something wrong here, and yet play. Origin, times, connection and bandwidth are of no use to who asks.
 */
export interface SessionDescription {
  /** `a=control` of the whole. */
  readonly control: string | undefined;
  readonly media: readonly MediaDescription[];
}

export interface MediaDescription {
  /** `video`, `audio`, `application` or whatever stands there. */
  readonly kind: string;
  readonly control: string | undefined;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | undefined;
  /** The one it prefers first. */
  readonly formats: readonly PayloadFormat[];
}

/** One payload type: `a=rtpmap` and `a=fmtp`. */
export interface PayloadFormat {
  readonly payloadType: number;
  /** As it is said, in capitals; empty when nothing says. */
  readonly encoding: string;
  /** In Hz; undefined when nothing sensible is said. */
  readonly clockRate: number | undefined;
  readonly channels: number | undefined;
  /** By names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_PAYLOAD_TYPE = 127;
/** Payload types that need no `rtpmap` (RFC 3551, 6), as far as cameras use them. */
const STATIC: Readonly<Record<number, string>> = {
  0: 'PCMU/8000',
  3: 'GSM/8000',
  8: 'PCMA/8000',
  9: 'G722/8000',
  14: 'MPA/90000',
  26: 'JPEG/90000',
  32: 'MPV/90000',
  33: 'MP2T/90000',
  34: 'H263/90000',
};

interface Media {
  readonly kind: string;
  readonly payloadTypes: ReadonlySet<number>;
  control?: string;
  direction?: MediaDescription['direction'];
  readonly maps: Map<number, string>;
  readonly parameters: Map<number, Map<string, string>>;
}

export function parseSdp(text: string): SessionDescription {
  let control: string | undefined;
  const media: Media[] = [];
  for (const line of text.split(/[\r\n\0]+/)) {
    const [, type, value = ''] = /^\s*([a-z])\s*=\s*(.*)$/.exec(line.trimEnd()) ?? [];
    const current = media.at(-1);
    if (type === 'm') {
      media.push(beginMedia(value));
    } else if (type === 'a') {
      const [, name = '', rest = ''] = /^([\w.-]+)\s*:?\s*(.*)$/.exec(value) ?? [];
      if (current !== undefined) addAttribute(current, name.toLowerCase(), rest);
      else if (name.toLowerCase() === 'control' && rest !== '') control ??= rest;
    }
  }
  return { control, media: media.map(describe) };
}

/** `video 0 RTP/AVP 96 97`; formats that are no numbers are left out. */
function beginMedia(value: string): Media {
  const [kind = '', , , ...formats] = value.split(/\s+/);
  const payloadTypes = new Set(formats.filter((format) => /^\d{1,3}$/.test(format)).map(Number));
  return { kind: kind.toLowerCase(), payloadTypes, maps: new Map(), parameters: new Map() };
}

function addAttribute(media: Media, name: string, value: string): void {
  switch (name) {
    case 'control':
      if (value !== '') media.control ??= value;
      break;
    case 'sendrecv':
    case 'sendonly':
    case 'recvonly':
    case 'inactive':
      media.direction = name;
      break;
    case 'rtpmap': {
      const [, payloadType, map] = /^(\d{1,3})\s+(\S.*)$/.exec(value) ?? [];
      if (map !== undefined && !media.maps.has(Number(payloadType))) media.maps.set(Number(payloadType), map);
      break;
    }
    case 'fmtp': {
      const [, payloadType, list] = /^(\d{1,3})\s+(\S.*)$/.exec(value) ?? [];
      if (list === undefined) break;
      const known = media.parameters.get(Number(payloadType)) ?? new Map<string, string>();
      for (const [key, set] of parameters(list)) known.set(key, set);
      media.parameters.set(Number(payloadType), known);
      break;
    }
    default:
  }
}

/** `packetization-mode=1; sprop-parameter-sets=Z0IA,aM4=`: values may hold `=`, names are in any case. */
function parameters(list: string): [name: string, value: string][] {
  return list.split(';').flatMap((part): [string, string][] => {
    const equals = part.indexOf('=');
    if (equals <= 0) return [];
    return [[part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()]];
  });
}

function describe(media: Media): MediaDescription {
  const { kind, control, direction, maps, payloadTypes } = media;
  // Where no number stands in `m=`, `rtpmap` tells.
  const types = [...(payloadTypes.size > 0 ? payloadTypes : maps.keys())];
  const formats = types
    .filter((type) => type <= MAX_PAYLOAD_TYPE)
    .map((payloadType): PayloadFormat => {
      const [encoding = '', rate = '', channels = ''] = (maps.get(payloadType) ?? STATIC[payloadType] ?? '').split('/');
      return {
        payloadType,
        encoding: encoding.trim().toUpperCase(),
        clockRate: positive(rate),
        channels: positive(channels),
        parameters: media.parameters.get(payloadType) ?? new Map(),
      };
    });
  return { kind, control, direction, formats };
}

/** A whole number that a clock or a count of channels may be. */
function positive(text: string): number | undefined {
  const value = /^\s*(\d{1,7})/.exec(text)?.[1];
  return value === undefined || Number(value) === 0 ? undefined : Number(value);
}
