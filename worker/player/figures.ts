/** How figures are written for people. Pure; what is not known is a dash. */
const UNKNOWN = '–';
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

const written = (value: number | null, write: (value: number) => string): string =>
  value === null || !Number.isFinite(value) ? UNKNOWN : write(value);

/** Without its unit: `103`. */
export const milliseconds = (value: number | null): string => written(value, (ms) => whole.format(ms));

export const millisecondsOf = (value: number | null): string => written(value, (ms) => `${whole.format(ms)} ms`);

export const seconds = (value: number | null): string => written(value, (s) => `${s.toFixed(2)} s`);

export const kilobits = (value: number | null): string => written(value, (kbps) => `${whole.format(kbps)} kbit/s`);

export const rate = (value: number | null): string => written(value, (times) => `${times.toFixed(2)}×`);

export const count = (value: number | null): string => written(value, (number) => whole.format(number));

/** `none`, or `2 · 0.4 s`. */
export const stalls = (number: number, totalMs: number): string =>
  number === 0 ? 'none' : `${whole.format(number)} · ${(totalMs / 1000).toFixed(1)} s`;

/** `1280 × 720 · 25 fps` */
export function picture(width: number, height: number, framesPerSecond: number | null): string {
  if (width === 0 || height === 0) return UNKNOWN;
  const size = `${width} × ${height}`;
  return framesPerSecond === null ? size : `${size} · ${Math.round(framesPerSecond)} fps`;
}

/** `AAC · 64 kbit/s` */
export function sound(codec: string | null, kbps: number | null): string {
  if (codec === null) return UNKNOWN;
  const name = SOUND_NAMES[codec.toLowerCase()] ?? codec;
  return kbps === null ? name : `${name} · ${kilobits(kbps)}`;
}

const SOUND_NAMES: Readonly<Record<string, string>> = {
  'mp4a.40.2': 'AAC',
  'mp4a.40.5': 'HE-AAC',
  'mp4a.40.29': 'HE-AAC v2',
  opus: 'Opus',
  flac: 'FLAC',
};

/** `never`, `once`, `3 times` */
export const times = (number: number): string =>
  number === 0 ? 'never' : number === 1 ? 'once' : `${whole.format(number)} times`;
