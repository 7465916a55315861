/**
 * A text as the value of an option in a filter graph: FFmpeg takes escapes away twice, of the option's value and, around
 * that, of the graph (ffmpeg-filters, «Notes on filtergraph escaping»). White space at its ends would be lost.
 */
export const filterText = (text: string): string =>
  text.replaceAll(/[\\':]/g, String.raw`\$&`).replaceAll(/[\\'[\],;]/g, String.raw`\$&`);
