/**
 * XML as encoders write manifests, cut into tags and what is between them. It is for judging what strangers sent: whatever
 * two parsers could read in two ways (a DTD, CDATA, markup in comments or in values, an attribute twice) is not read at all.
 */
export interface Tag {
  readonly kind: 'open' | 'close';
  /** Without the prefix of its namespace. */
  readonly name: string;
  /** By name, with its prefix, as they are written: entities are not resolved. */
  readonly attributes: ReadonlyMap<string, string>;
  /** All of it. */
  readonly text: string;
}
export type Piece = Tag | { readonly kind: 'text'; readonly text: string };

const NAME = String.raw`[A-Za-z_][\w:.-]*`;
const QUOTED = String.raw`"[^"<>]*"|'[^'<>]*'`;
const ATTRIBUTE = new RegExp(String.raw`(\s+)(${NAME})(\s*=\s*)(${QUOTED})`, 'g');
const BETWEEN = /[^<]+|<!--(?!-?>)(?:(?!--)[^<>])*-->|<\?[^<>?]*\?>/y;
const TAG = new RegExp(String.raw`<(/?)(${NAME})((?:\s+${NAME}\s*=\s*(?:${QUOTED}))*)\s*/?>`, 'y');

/** All of it in order; undefined where it is not as plain as that. */
export function piecesOf(xml: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let length = 0; length < xml.length; length += pieces.at(-1)?.text.length ?? 0) {
    const piece = betweenAt(xml, length) ?? tagAt(xml, length);
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  return pieces;
}

/** The same tag with other values. */
export const withValues = ({ text }: Tag, change: (attribute: string, value: string) => string): string =>
  text.replace(ATTRIBUTE, (_, before: string, name: string, equals: string, quoted: string) => {
    const quote = quoted[0];
    return `${before}${name}${equals}${quote}${change(name, quoted.slice(1, -1))}${quote}`;
  });

export const localName = (name: string): string => name.slice(name.lastIndexOf(':') + 1);

function betweenAt(xml: string, at: number): Piece | undefined {
  BETWEEN.lastIndex = at;
  const text = BETWEEN.exec(xml)?.[0];
  return text === undefined ? undefined : { kind: 'text', text };
}

function tagAt(xml: string, at: number): Tag | undefined {
  TAG.lastIndex = at;
  const [text, slash, name = '', attributes = ''] = TAG.exec(xml) ?? [];
  if (text === undefined) return undefined;
  const values = [...attributes.matchAll(ATTRIBUTE)].map(
    ([, , key = '', , quoted = '']) => [key, quoted.slice(1, -1)] as const,
  );
  const byName = new Map(values);
  if (byName.size < values.length) return undefined;
  return { kind: slash === '/' ? 'close' : 'open', name: localName(name), attributes: byName, text };
}
