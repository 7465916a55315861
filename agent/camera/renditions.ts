import type { Rendition } from './track-writer.ts';

/** By quality; undefined where it isn't known what it is like. */
export type Renditions = readonly (Rendition | undefined)[];

export const known = (renditions: Renditions): readonly Rendition[] =>
  renditions.filter((rendition) => rendition !== undefined);

/** @throws Error where a player could not switch without knowing */
export function demandOneInit(renditions: Renditions): void {
  const [first, ...others] = known(renditions).map(({ init }) => Buffer.from(init));
  if (first !== undefined && others.some((other) => !other.equals(first))) {
    throw new Error(
      'the encoders of the qualities differ in their parameter sets: serverSideRepresentationSwitching needs them the same',
    );
  }
}
