import { header, type RtspResponse } from './message.ts';
import type { SessionDescription } from './sdp.ts';

/**
 * What a camera is to be asked for after DESCRIBE (RFC 2326, C.1.1): of each there may be several readings, the most
 * credible first, to be tried one after the other. What cameras expect is that a track's `control` is appended to the base
 * as text, behind a query too; RFC 3986 would put it in the place of the path's last segment.
 */

/** What relative URLs stand behind, by `Content-Base`, `Content-Location`, or what was asked for. */
export function basesOf(answer: RtspResponse, asked: string): string[] {
  const said = ['content-base', 'content-location'].map((name) => header(answer, name));
  return unique([...said.flatMap((value) => absolute(word(value), asked) ?? []), asked]);
}

/** Of all tracks together, for PLAY and TEARDOWN. */
export function sessionUrls(description: SessionDescription, bases: readonly string[], asked: string): string[] {
  const control = word(description.control);
  if (control === '' || control === '*') return [...bases];
  return unique([
    ...(isAbsolute(control) ? elsewhere(control, asked) : bases.map((base) => append(base, control))),
    ...bases,
  ]);
}

/** Of one track, for SETUP. */
export function trackUrls(said: string | undefined, bases: readonly string[], asked: string): string[] {
  const control = word(said);
  if (control === '' || control === '*') return [...bases];
  if (isAbsolute(control)) return unique(elsewhere(control, asked));
  const appended = bases.map((base) => append(base, control));
  const beforeQuery = bases.filter((base) => base.includes('?')).map((base) => insert(base, control));
  const fromRoot = control.startsWith('/') ? [origin(asked) + control] : [];
  return unique([...appended, ...beforeQuery, ...fromRoot]);
}

/** No URL goes on behind a space. */
const word = (text: string | undefined): string => /^[^\s\0]*/.exec(text?.trim() ?? '')?.[0] ?? '';
const isAbsolute = (text: string): boolean => /^rtsps?:\/\//i.test(text);
const unique = (urls: readonly string[]): string[] => [...new Set(urls)];
const AUTHORITY = /^(rtsps?:\/\/)([^/?]*)/i;
const origin = (url: string): string => AUTHORITY.exec(url)?.[0] ?? '';

/** A base that may lack its scheme or its host; undefined when it is none. */
function absolute(text: string, asked: string): string | undefined {
  if (isAbsolute(text)) return elsewhere(text, asked)[0];
  if (text.startsWith('/')) return origin(asked) + text;
  const authority = origin(asked).replace(AUTHORITY, '$2');
  const [host = ''] = /^[^/?]*/.exec(text) ?? [];
  const isHost = host === authority || /^\d{1,3}(\.\d{1,3}){3}(:\d+)?$/.test(host);
  return isHost ? elsewhere(`rtsp://${text}`, asked)[0] : undefined;
}

/**
 * An absolute URL as it came, less credentials; and at the host that was asked, for who calls itself by a name that is
 * only right on its own network. Where it calls itself nothing at all (0.0.0.0), only that.
 */
function elsewhere(url: string, asked: string): string[] {
  const [, scheme = '', authority = ''] = AUTHORITY.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const rest = url.slice(scheme.length + authority.length);
  const here = origin(asked) + rest;
  return /^(?:0\.0\.0\.0|\[::\])?(?::\d+)?$/.test(host) ? [here] : [`${scheme.toLowerCase()}${host}${rest}`, here];
}

function append(base: string, control: string): string {
  if (control.startsWith('?')) return base.replace(/\/$/, '') + control;
  return `${base.replace(/\/$/, '')}/${control.replace(/^\//, '')}`;
}

function insert(base: string, control: string): string {
  const query = base.indexOf('?');
  return append(base.slice(0, query), control) + base.slice(query);
}
