import type { Shape } from './arguments.ts';

/**
 * The shapes that players of a camera have been told, while it is watched. A camera's picture may take another one in
 * mid-stream: then it is fitted into these, whole and with bars, since players don't hear of a new one.
 */
export class Shapes {
  /** Of the camera's picture, when the others were told. */
  #source: Shape | undefined;
  /** By encoded quality. */
  #encoded: readonly (Shape | undefined)[] = [];

  /** What FFmpeg has to fit a picture into; undefined while it has the shape that was told, or nothing was. */
  fitting(source: Shape): readonly Shape[] | undefined {
    this.#source ??= source;
    if (isSame(source, this.#source)) return undefined;
    const known = this.#encoded.filter((shape) => shape !== undefined);
    return known.length === this.#encoded.length && known.length > 0 ? known : undefined;
  }

  /** @param index of the encoded quality */
  told(index: number, { width, height, pixelAspect }: Shape): void {
    this.#encoded = Object.assign([...this.#encoded], { [index]: { width, height, pixelAspect } });
  }

  /** Nobody watches any more. */
  forget(): void {
    this.#source = undefined;
    this.#encoded = [];
  }
}

export const isSame = (a: Shape, b: Shape): boolean =>
  a.width === b.width &&
  a.height === b.height &&
  a.pixelAspect.horizontal * b.pixelAspect.vertical === b.pixelAspect.horizontal * a.pixelAspect.vertical;
