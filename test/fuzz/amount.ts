/** How much is tried at random, and from where; `inject('fuzz')` in a test. More with FASTLL_LONG=1: minutes. */
export interface FuzzAmount {
  /** What is tried follows from it: FASTLL_SEED, else always the same. */
  readonly seed: number;
  /** Requests to the Worker. */
  readonly requests: number;
  /** Bodies of PUTs to it, of each kind. */
  readonly bodies: number;
  /** Recordings gone wrong, for each of those who read them. */
  readonly inputs: number;
  /** `encoder.mp4` of the recordings, in base64. */
  readonly encoderOutput: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly fuzz: FuzzAmount;
  }
}

/** @param encoderOutput in base64 */
export function amountFor(
  environment: Readonly<Record<string, string | undefined>>,
  encoderOutput: string,
): FuzzAmount {
  const long = environment['FASTLL_LONG'] === '1';
  return {
    seed: Number(environment['FASTLL_SEED'] ?? 20261122),
    requests: long ? 100_000 : 20_000,
    bodies: long ? 3400 : 400,
    inputs: long ? 100_000 : 10_000,
    encoderOutput,
  };
}
