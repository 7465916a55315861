import { codecOf, type Encoder, type EncoderOptions, type Hardware, type HardwareEncoder } from './encoder.ts';

/** What an encoder is asked for, whichever it is. */
export interface Encoding {
  readonly targetFps: number;
  /** Frames from one keyframe of its own to the next. */
  readonly intraInterval: number;
  /** As in `4.0`; undefined where the encoder is to choose it. */
  readonly level: string | undefined;
  /** Parameter sets that don't depend on the bitrate. */
  readonly stitchable: boolean;
}

/** Pure. */
export interface EncoderFlags {
  /** Before the input: the device. */
  readonly device: readonly string[];
  /** The end of a chain of filters: the picture as the encoder wants it. */
  readonly picture: string;
  /** Of an output: how frames' times are taken, so that none waits and the encoder knows their rate. */
  readonly rate: readonly string[];
  /** Of an output. */
  readonly codec: readonly string[];
}

export function encoderFlags(encoder: Encoder, encoding: Encoding, hasFpsMode: boolean): EncoderFlags {
  return encoder.kind === 'software' ? software(encoding, hasFpsMode) : hardware(encoder, encoding, hasFpsMode);
}

function software({ targetFps, intraInterval, level, stitchable }: Encoding, hasFpsMode: boolean): EncoderFlags {
  return {
    device: [],
    picture: 'format=yuv420p',
    rate: hasFpsMode ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough'],
    codec: [
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high', '-bf', '0'],
      ...['-g', String(intraInterval), '-sc_threshold', '0', '-forced-idr', '1'],
      // Rate control by the rate that is meant, not by a guess at the source's.
      ...['-x264-params', `fps=${targetFps}${stitchable ? ':stitchable=1' : ''}`],
      ...(level === undefined ? [] : ['-level', level]),
    ],
  };
}

/** Quick Sync keeps it in 16 bits. */
const MOST_INTRA_INTERVAL = 65_535;

function hardware(encoder: HardwareEncoder, encoding: Encoding, hasFpsMode: boolean): EncoderFlags {
  const { kind, device, options } = encoder;
  const { targetFps, intraInterval, level } = encoding;
  return {
    ...{ device: deviceFlags(kind, device), picture: PICTURES[kind] },
    // Its rate control goes by a rate that it is told: without one, by 1/1000 s, our unit of time, a bit a frame. FFmpeg 6
    // refuses to tell it together with `passthrough`; what it does with FLV otherwise is the same.
    rate: hasFpsMode ? ['-fpsmax', String(targetFps)] : ['-r', String(targetFps)],
    codec: [
      ...['-c:v', codecOf(kind), '-bf', '0', '-g', String(Math.min(intraInterval, MOST_INTRA_INTERVAL))],
      ...known(options, [...OPTIONS[kind], ...ownDevice(encoder), ...(encoder.lowPower ? LOW_POWER : [])]),
      // By its number, which all of them know, as 4.0 they don't; V4L2 can't be told.
      ...(level === undefined || kind === 'v4l2m2m' ? [] : ['-level', String(Math.round(Number(level) * 10))]),
      // Its parameter sets stand in the stream only.
      ...(kind === 'v4l2m2m' ? ['-bsf:v', 'extract_extradata'] : []),
    ],
  };
}

/** An option, and values in the order in which they are wanted. */
type Wanted = readonly [option: string, ...values: string[]];

/** Options with `|` between the values that will do. */
function wanted(text: string): readonly Wanted[] {
  return text.split(' ').map((one): Wanted => {
    const [option = '', values = ''] = one.split('=');
    return [option, ...values.split('|')];
  });
}

/** A frame out for each frame in, at once, and IDR pictures where keyframes are forced. */
const OPTIONS: Readonly<Record<Hardware, readonly Wanted[]>> = {
  // `llhp` is what it was called before p1 to p7.
  nvenc: wanted('preset=p2|llhp tune=ull rc=cbr profile=high zerolatency=1 delay=0 rc-lookahead=0 forced-idr=1'),
  vaapi: wanted('async_depth=1 profile=high'),
  qsv: wanted('preset=veryfast async_depth=1 look_ahead=0 forced_idr=1 profile=high'),
  v4l2m2m: [],
  videotoolbox: wanted('realtime=1 prio_speed=1 allow_sw=0 profile=high'),
};
const LOW_POWER = wanted('low_power=1');

const PICTURES: Readonly<Record<Hardware, string>> = {
  nvenc: 'format=yuv420p',
  vaapi: 'format=nv12,hwupload',
  qsv: 'format=nv12',
  v4l2m2m: 'format=yuv420p',
  videotoolbox: 'format=nv12',
};

function deviceFlags(kind: Hardware, device: string | undefined): readonly string[] {
  if (device === undefined) return [];
  switch (kind) {
    case 'vaapi':
      return ['-init_hw_device', `vaapi=gpu:${device}`, '-filter_hw_device', 'gpu'];
    case 'qsv':
      return ['-init_hw_device', `vaapi=gpu:${device}`, '-init_hw_device', 'qsv=quick_sync@gpu'];
    case 'nvenc':
    case 'v4l2m2m':
    case 'videotoolbox':
      return [];
  }
}

const ownDevice = ({ kind, device }: HardwareEncoder): readonly Wanted[] =>
  kind === 'nvenc' && device !== undefined ? [['gpu', device]] : [];

/** Of what is wanted, what this build knows: the trial tells whether it is enough. */
const known = (options: EncoderOptions, asked: readonly Wanted[]): string[] =>
  asked.flatMap(([option, ...values]) => {
    const names = options.get(option);
    if (names === undefined) return [];
    const value = values.find((one) => names.has(one) || /^\d+$/.test(one));
    return value === undefined ? [] : [`-${option === 'profile' ? 'profile:v' : option}`, value];
  });
