/** A parameter set, or a record of them, that can't be made sense of, or describes what can't be shown. */
export class ParameterSetError extends Error {
  override readonly name = 'ParameterSetError';
}

/** The largest picture of the highest level (H.264, level 6.2, A.3.1; H.265, level 6.2, A.4.1), in samples. */
const MAX_SAMPLES = 35_651_584;
/** The longest side it may have there: √(8 · samples). */
const MAX_SIDE = 16_888;

/** @throws ParameterSetError where no decoder would show such a picture */
export function checkSize(width: number, height: number): void {
  if (width > 0 && width <= MAX_SIDE && height > 0 && height <= MAX_SIDE && width * height <= MAX_SAMPLES) return;
  throw new ParameterSetError(
    `SPS: expected a picture of 1 to ${MAX_SIDE} samples a side, ${MAX_SAMPLES} at most in all, got ${width}x${height}`,
  );
}
