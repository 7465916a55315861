import type { Knock } from './knock.ts';
import type { StreamEntry, StreamState } from './streams.ts';

/** Why a stream does not play, for people. */
export interface Trouble {
  readonly kind: 'denied' | 'missing' | 'ended' | 'starting' | 'camera' | 'unreachable' | 'unsupported' | 'interrupted';
  readonly title: string;
  readonly text: string;
}

/** From what a knock showed, what the API said of the stream last, and whether it has played here already. */
export function explain(found: Knock, entry: StreamEntry | undefined, hasPlayed: boolean): Trouble {
  switch (found.kind) {
    case 'denied':
      return {
        kind: 'denied',
        title: 'This stream needs a token',
        text: 'Paste the token, or the link, you were given.',
      };
    case 'missing':
      return {
        kind: 'missing',
        title: 'No such stream',
        text: 'It will play here as soon as a camera of this name starts.',
      };
    case 'ended':
      return { kind: 'ended', title: 'The stream has ended', text: 'It will play here again when its encoder starts.' };
    case 'unreachable':
      return { kind: 'unreachable', title: 'No connection to the server', text: 'Trying again until it is back.' };
    case 'open':
    case 'not ready':
      return ofState(entry?.state ?? 'live', entry?.detail, hasPlayed);
  }
}

/** @param codecs of the stream, of which it can decode none; none of a browser that can play nothing of the kind */
export function unsupported(codecs: readonly string[]): Trouble {
  const title = 'This browser cannot play the stream';
  return { kind: 'unsupported', title, text: whatToDo(codecs) };
}

function whatToDo(codecs: readonly string[]): string {
  if (codecs.length === 0) return 'Please use a current one.';
  if (!codecs.every((codec) => /^(?:hvc1|hev1)\b/.test(codec))) return `It has no decoder for ${codecs.join(', ')}.`;
  return (
    'It has no decoder for H.265. Another browser or device may have one; or set the camera to H.264, or give the stream ' +
    'a transcoded quality beside the copied one.'
  );
}

function ofState(state: StreamState, detail: string | undefined, hasPlayed: boolean): Trouble {
  switch (state) {
    case 'live':
    case 'pushed':
      return hasPlayed
        ? { kind: 'interrupted', title: 'Reconnecting', text: 'The video was interrupted.' }
        : { kind: 'starting', title: 'Starting', text: 'The first picture should be here in a moment.' };
    case 'starting':
    case 'idle':
      return {
        kind: 'starting',
        title: 'The camera is starting',
        text: 'The first picture should be here in a few seconds.',
      };
    case 'waiting':
      return {
        kind: 'camera',
        title: 'Waiting for the camera',
        text: detail === undefined ? 'It does not answer. Trying again until it does.' : sentence(detail),
      };
    case 'offline':
      return {
        kind: 'camera',
        title: 'The camera is offline',
        text: 'Nothing sends this stream at the moment. It will play here as soon as it is back.',
      };
  }
}

const sentence = (text: string): string => {
  const started = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(started) ? started : `${started}.`;
};
