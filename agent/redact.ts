const MASK = '•••';

/** Takes secrets out of everything that is said: those it was told of, and what looks like credentials in a URL. */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) {
      if (secret === undefined || secret === '') continue;
      this.#secrets.add(secret);
      // As it stands in a line of JSON.
      this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    }
  }

  redact(text: string): string {
    // Longest first: a secret may be part of another.
    const known = [...this.#secrets].toSorted((a, b) => b.length - a.length);
    const masked = known.reduce((line, secret) => line.replaceAll(secret, MASK), text);
    return masked
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"\\]+@/gi, `$1${MASK}@`)
      .replace(/([?&]token=)[^&\s"\\]+/g, `$1${MASK}`)
      .replace(/(Bearer )[\w.-]+/g, `$1${MASK}`);
  }
}
