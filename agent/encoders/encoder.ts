/** What encodes the picture: x264, or a chip that FFmpeg knows a way to. */
export const HARDWARE = ['nvenc', 'vaapi', 'qsv', 'v4l2m2m', 'videotoolbox'] as const;
export type Hardware = (typeof HARDWARE)[number];

/** As the configuration has it; `auto` is the first that fits. */
export const ENCODERS = ['software', 'auto', ...HARDWARE] as const;
export type EncoderName = (typeof ENCODERS)[number];

export type Encoder = { readonly kind: 'software' } | HardwareEncoder;

export interface HardwareEncoder {
  readonly kind: Hardware;
  /** A path such as `/dev/dri/renderD128`, or NVENC's number of a GPU; undefined for the usual one. */
  readonly device: string | undefined;
  /** What this FFmpeg lets it be told. */
  readonly options: EncoderOptions;
  /** By Intel's other entry point, the only one that its newer chips have. */
  readonly lowPower: boolean;
}

/** The options of an encoder, and the names of the values that each may have. */
export type EncoderOptions = ReadonlyMap<string, ReadonlySet<string>>;

export const SOFTWARE: Encoder = { kind: 'software' };

/** FFmpeg's name for it. */
export const codecOf = (kind: Hardware): string => `h264_${kind}`;

/** For people. */
export const NAMES: Readonly<Record<Hardware, string>> = {
  nvenc: 'NVENC',
  vaapi: 'VAAPI',
  qsv: 'Quick Sync',
  v4l2m2m: 'V4L2 M2M',
  videotoolbox: 'VideoToolbox',
};

/** Where Linux has the first GPU. */
const FIRST_GPU = '/dev/dri/renderD128';
const NUMBER = /^\d{1,3}$/;

/** What device an encoder is to use of one that the configuration names, if it is one of its kind. */
export function deviceFor(kind: Hardware, device: string | undefined): string | undefined {
  const isNumber = device !== undefined && NUMBER.test(device);
  switch (kind) {
    case 'nvenc':
      return isNumber ? device : undefined;
    case 'vaapi':
      // Old builds know no usual one.
      return device === undefined || isNumber ? FIRST_GPU : device;
    case 'qsv':
      return isNumber ? undefined : device;
    case 'v4l2m2m':
    case 'videotoolbox':
      return undefined;
  }
}

/** What was expected of a device, where it does not suit the encoder. */
export function deviceProblem(encoder: EncoderName, device: string): string | undefined {
  const isPath = /^\/[\w./:-]{1,200}$/.test(device);
  switch (encoder) {
    case 'nvenc':
      return NUMBER.test(device) ? undefined : 'expected the number of a GPU, such as "0", with "encoder": "nvenc"';
    case 'vaapi':
    case 'qsv':
      return isPath ? undefined : `expected a path such as "${FIRST_GPU}" with "encoder": "${encoder}"`;
    case 'auto':
      return isPath || NUMBER.test(device)
        ? undefined
        : `expected a path such as "${FIRST_GPU}", or the number of an NVIDIA GPU`;
    case 'software':
    case 'v4l2m2m':
    case 'videotoolbox':
      return `expected no device with "encoder": "${encoder}"${encoder === 'software' ? '' : ', which finds its own'}`;
  }
}
