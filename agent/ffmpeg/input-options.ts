import { MASK } from '../redact/mask.ts';

/** Options that FFmpeg gets before its input, as they are typed: `["-f", "v4l2", "-framerate", "25"]`. Pure. */
export type InputOptions = readonly string[];

/** Those whose values are known to be no secrets; of others only numbers, sizes and rates are shown. */
const HARMLESS = new Set(
  [
    'f re stream_loop framerate r video_size s input_format pixel_format pix_fmt rtbufsize ss t to itsoffset readrate',
    'probesize analyzeduration fpsprobesize fflags flags threads thread_queue_size c vcodec codec hwaccel hwaccel_device',
    'listen timeout rw_timeout stimeout reconnect reconnect_streamed reconnect_at_eof reconnect_delay_max multiple_requests',
    'rtsp_transport rtsp_flags rtmp_live rtmp_buffer mode latency rcvlatency transtype buffer_size fifo_size overrun_nonfatal pkt_size',
    'protocol_whitelist safe loop channel standard max_delay reorder_queue_size use_wallclock_as_timestamps an sn dn',
    'err_detect discardcorrupt avioflags draw_mouse show_region window_size',
  ].flatMap((names) => names.split(' ')),
);
const TAME = /^[\w.:+,/-]{0,40}$/;
const FIGURE = /^-?[\d.:x/]{1,9}[kMG]?$/;
const SOUNDS_SECRET = /(?:pass|pwd|pin|secret|token|auth|key|cookie|header|user|streamid|proxy|conn|playpath)/i;

/** What was expected of them, where they can't be meant. */
export function inputOptionsProblem(options: InputOptions): string | undefined {
  const [first] = options;
  if (first !== undefined && !first.startsWith('-')) {
    return 'expected an option such as "-f" to begin with, got something without "-"';
  }
  if (options.includes('-i')) return 'expected options alone, got "-i": what is read stands in "input"';
  if (options.some((option) => option.includes('\0'))) return 'expected no NUL characters';
  return undefined;
}

/** For people. */
export const safeInputOptions = (options: InputOptions): string[] =>
  options.map((option, index) => (isSecret(options, index) ? MASK : option));

/** What must appear in no output: values, and what a header or a cookie is made of. */
export const secretsOfInputOptions = (options: InputOptions): string[] =>
  options.filter((_, index) => isSecret(options, index)).flatMap((value) => [value, ...partsOf(value)]);

function isSecret(options: InputOptions, index: number): boolean {
  const option = options[index]!;
  if (index === 0 || isName(option)) return false;
  const before = options[index - 1]!;
  // `-c:v`
  const name = isName(before) ? before.slice(1).split(':')[0]! : '';
  if (SOUNDS_SECRET.test(name)) return true;
  return !FIGURE.test(option) && !(HARMLESS.has(name) && TAME.test(option));
}

const isName = (option: string): boolean => /^-[a-z]/i.test(option);

const KNOWN_WORDS = /^(?:authorization|bearer|basic|digest|cookie|domain|path|username|password|content-type)$/i;

function partsOf(value: string): string[] {
  const words = value
    .split(/[\s;,:"']+|(?<=\w)=(?!=|$|[\s;,])/)
    .filter((word) => word.length > 5 && !KNOWN_WORDS.test(word));
  // `Basic` is user and password in base64 (RFC 7617).
  const basic = Array.from(value.matchAll(/\bbasic +([a-z0-9+/=]+)/gi), ([, text = '']) =>
    Buffer.from(text, 'base64').toString(),
  ).flatMap((text) => [text, text.slice(text.indexOf(':') + 1)]);
  return [...words, ...basic].filter((part) => part !== '');
}

/** Formats of devices, which come as fast as they are. */
const DEVICES = new Set(
  'v4l2 video4linux2 x11grab xcbgrab kmsgrab fbdev dshow vfwcap gdigrab avfoundation decklink iec61883 android_camera'.split(
    ' ',
  ),
);

/** Whether it is all there at once, as a file is, and nothing paces it: FFmpeg would read it as fast as it can. */
export function needsPacing(input: string, options: InputOptions): boolean {
  if (options.includes('-re') || options.includes('-readrate')) return false;
  const format = options[options.indexOf('-f') + 1];
  if (options.includes('-f') && format !== undefined) {
    if (format === 'lavfi') return !/\brealtime\b/.test(input);
    if (DEVICES.has(format)) return false;
  }
  const [, scheme] = /^([a-z][a-z0-9+.-]+)[:,]/i.exec(input) ?? [];
  if (scheme === undefined) return !input.startsWith('/dev/') && input !== '-';
  const isFile = /^(?:file|concat|subfile|cache|crypto|data)$/i.test(scheme);
  return isFile && (/^file:/i.test(input) || !input.includes('://')) && !/^file:(?:\/\/)?\/dev\//i.test(input);
}
