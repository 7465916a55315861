/** What kept bytes from being text: in a sentence that says what was expected, what came and where. */
export interface Undecodable {
  readonly problem: string;
}

/**
 * Text as editors save it: UTF-8, or UTF-16 with or without a byte order mark, which JSON begins with ASCII to tell
 * (RFC 4627, 3). Other encodings can't be told from each other: they are refused, and the place where it shows is named.
 */
export function decodeText(bytes: Uint8Array): string | Undecodable {
  const encoding = encodingOf(bytes);
  if (encoding === 'utf-32') return { problem: 'expected text in UTF-8, got UTF-32: save it as UTF-8' };
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return {
      problem:
        encoding === 'utf-8' ? invalidUtf8(bytes) : `expected text in UTF-8, got broken UTF-16: save it as UTF-8`,
    };
  }
}

function encodingOf([first, second, third, fourth]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32' {
  const begins = (...expected: readonly number[]): boolean =>
    [first, second, third, fourth].slice(0, expected.length).every((byte, index) => byte === expected[index]);
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return 'utf-32';
  if (begins(0xff, 0xfe)) return 'utf-16le';
  if (begins(0xfe, 0xff)) return 'utf-16be';
  if (first !== 0 && second === 0 && third !== 0) return 'utf-16le';
  if (first === 0 && second !== 0 && second !== undefined) return 'utf-16be';
  return 'utf-8';
}

function invalidUtf8(bytes: Uint8Array): string {
  const offset = validUpTo(bytes);
  const before = new TextDecoder().decode(bytes.subarray(0, offset), { stream: true }).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  const byte = bytes[offset];
  return byte === undefined
    ? `expected text in UTF-8, got one that ends in the middle of a character (${place})`
    : `expected text in UTF-8, got a byte that is none (${place}), as in Latin-1 or Windows-1252: save it as UTF-8`;
}

/** How many bytes are UTF-8, or its beginning. */
function validUpTo(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}
