export const MASK = '•••';

/**
 * What a parameter in a URL's query or path is set to, as cameras write them (`?user=a&password=b`,
 * `/user=a_password=b_channel=1`), if its name says that it is secret.
 */
export const SECRET_PARAMETER =
  /(?<=[/?&;,_](?:password|passwd|passw|pass|pwd|psw|secret|token|auth|key)=)(?:(?!_[a-z]+=)[^/?&;,#\s"\\])+/gi;
/** A JWT begins with `{"` in base64. */
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** Takes secrets out of everything that is said: those it was told of, and what looks like credentials in a URL. */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(...secrets: readonly (string | undefined)[]): void {
    for (const secret of secrets) {
      if (secret === undefined || secret === '') continue;
      this.#secrets.add(secret);
      // As it stands in a line of JSON, and in a URL.
      this.#secrets.add(JSON.stringify(secret).slice(1, -1));
      this.#secrets.add(encodeURIComponent(secret.toWellFormed()));
      // As in an `Authorization` header; what is shorter says nothing.
      if (secret.length >= 4) this.#secrets.add(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
    }
  }

  redact(text: string): string {
    // Longest first: a secret may be part of another.
    const known = [...this.#secrets].toSorted((a, b) => b.length - a.length);
    const masked = known.reduce((line, secret) => line.replaceAll(secret, MASK), text);
    return masked
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"\\]+@/gi, `$1${MASK}@`)
      .replace(SECRET_PARAMETER, MASK)
      .replace(/(Bearer )[\w.-]+/g, `$1${MASK}`)
      .replace(JWT, MASK);
  }
}
