import { localName, piecesOf, withValues, type Piece, type Tag } from './xml.ts';

/**
 * A manifest made by somebody else's encoder: served as it came, but for the token in its segments' URLs. Who may push one
 * stream need not be whom a viewer trusts with a token, so it goes nowhere but into the names that the edge serves, beside
 * the manifest; and where anything in it could lead a player elsewhere with those, nowhere at all.
 */

/** Adds `token` to the URLs of its segments, so that players carry it along. */
export function withToken(manifest: string, token: string | undefined): string {
  if (token === undefined) return manifest;
  const pieces = piecesOf(manifest);
  if (pieces === undefined || !staysHere(pieces)) return manifest;
  const parameter = `token=${encodeURIComponent(token).replaceAll("'", '%27')}`;
  return pieces.map((piece) => (isSegmentUrl(piece) ? tokened(piece, parameter) : piece.text)).join('');
}

/** Elements whose URLs are those of segments, and their attributes (ISO/IEC 23009-1, 5.3.9). */
const SEGMENT_ELEMENTS: ReadonlySet<string> = new Set(['SegmentTemplate', 'SegmentURL', 'Initialization']);
const URL_ATTRIBUTES: ReadonlySet<string> = new Set(['initialization', 'media', 'sourceURL']);

/** The edge's own names (`protocol/paths.ts`), with what players fill in. */
const SERVED = /^(?:\.\/)?(?:init|chunk)-stream(?:[\w.-]|\$\w*(?:%0\d+d)?\$)*\.m4s(?:\?(?:[\w.~=$-]|&amp;)*)?$/;

const isSegmentUrl = (piece: Piece): piece is Tag => piece.kind === 'open' && SEGMENT_ELEMENTS.has(piece.name);

const tokened = (tag: Tag, parameter: string): string =>
  withValues(tag, (name, url) =>
    URL_ATTRIBUTES.has(name) && SERVED.test(url) ? `${url}${url.includes('?') ? '&amp;' : '?'}${parameter}` : url,
  );

/** What names another place to resolve URLs against, or to take more of the manifest from. */
const ELSEWHERE: ReadonlySet<string> = new Set(['Location', 'PatchLocation', 'ContentSteering', 'ImportedMPD']);

/** Whether a URL beside the manifest is beside it for every player. */
const staysHere = (pieces: readonly Piece[]): boolean =>
  pieces.every((piece, index) => {
    if (piece.kind !== 'open') return true;
    const { name, attributes } = piece;
    if ([...attributes.keys()].some((attribute) => localName(attribute) === 'href')) return false;
    switch (name) {
      case 'BaseURL':
        return isHere(pieces.slice(index + 1, index + 3));
      case 'Representation':
        // Players write both into URLs.
        return /^\w[\w.-]*$/.test(attributes.get('id') ?? '0') && /^\d*$/.test(attributes.get('bandwidth') ?? '');
      default:
        return !ELSEWHERE.has(name);
    }
  });

/** What is behind the tag of a BaseURL that changes nothing. */
const isHere = ([first, second]: readonly Piece[]): boolean =>
  first?.kind === 'close' ||
  (first?.kind === 'text' && /^\s*(?:\.\/)?\s*$/.test(first.text) && second?.kind === 'close');

/**
 * Takes tokens out of the URLs in a manifest. An encoder that can send no header has its publish token in the names of its
 * segments, and writes them into the manifest: for everyone who plays it to see.
 */
export const withoutToken = (manifest: string): string =>
  manifest.replace(TOKENS, (_, separator: string, tokens: string) => (/&(?:amp;)?$/.test(tokens) ? separator : ''));

const TOKENS = /([?&]|&amp;)((?:token=[^&"'<>\s]*(?:&amp;|&)?)+)/g;

/** What makes players send the query of the manifest's URL, in which a viewer's token is, to where the manifest says. */
const TELLTALES = ['useMPDUrlQuery', 'reportingUrl'];

/** What a manifest that is pushed may not hold; undefined where it holds none of it. */
export function forbiddenIn(manifest: string): string | undefined {
  // With a DTD anything may be anything.
  if (/<!DOCTYPE/i.test(manifest)) return 'a document type declaration';
  if (/<\?xml[^>]*\bencoding\s*=\s*["'](?!utf-8["'])/i.test(manifest)) return 'an encoding other than UTF-8';
  return TELLTALES.find((name) => manifest.includes(name));
}
