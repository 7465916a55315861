/** Plots as SVG, one below the other, with a common time axis in minutes. Pure. */
export interface Plot {
  readonly title: string;
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

const WIDTH = 800;
const HEIGHT = 180;
const LEFT = 50;
const TOP = 30;
const BOTTOM = 22;
const COLORS = ['#2563eb', '#dc2626', '#059669', '#d97706', '#7c3aed', '#475569'];

export function plot(plots: readonly Plot[]): string {
  const parts = plots.map((one, index) => `<g transform="translate(0 ${index * HEIGHT})">${panel(one)}</g>`);
  const size = `width="${WIDTH}" height="${plots.length * HEIGHT}"`;
  const background = '<rect width="100%" height="100%" fill="#fff"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">${background}${parts.join('')}</svg>\n`;
}

function panel({ title, series }: Plot): string {
  const all = series.flatMap(({ points }) => points.filter(([, y]) => Number.isFinite(y)));
  const lastX = Math.max(1e-9, ...all.map(([x]) => x));
  const top = roundUp(Math.max(1e-9, ...all.map(([, y]) => y)));
  const x = (value: number): string => (LEFT + (value / lastX) * (WIDTH - LEFT - 10)).toFixed(1);
  const y = (value: number): string => (HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const lines = series.map(({ points }, index) => {
    const path = points.filter(([, value]) => Number.isFinite(value)).map(([a, b]) => `${x(a)},${y(b)}`);
    return `<polyline fill="none" stroke="${COLORS[index % COLORS.length]}" points="${path.join(' ')}"/>`;
  });
  const keys = series.map(
    ({ name }, index) => `<tspan dx="12" fill="${COLORS[index % COLORS.length]}">${name}</tspan>`,
  );
  const grid = [0, top / 2, top].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - 10}" y1="${y(value)}" y2="${y(value)}" stroke="#e5e7eb"/>` +
      `<text x="${LEFT - 6}" y="${y(value)}" text-anchor="end" dy="4">${value}</text>`,
  );
  const ends = [0, lastX].map(
    (value) => `<text x="${x(value)}" y="${HEIGHT - 6}" text-anchor="middle">${value.toFixed(0)} min</text>`,
  );
  return `<text x="${LEFT}" y="18"><tspan font-weight="bold">${title}</tspan>${keys.join('')}</text>${grid.join('')}${lines.join('')}${ends.join('')}`;
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
