import type { Frontier, FrontierPoint } from './find-frontier.ts';
import { describeFrontier, titleFrontier, usd } from './describe-frontier.ts';

const WIDTH = 760;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 200;
const TOP = 56;
const BOTTOM = 56;
const LABEL_STEP = 13;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1b1b1b }
  .title { font-size: 15px; font-weight: 600 }
  .axis { stroke: #767676 }
  .grid { stroke: #e2e2e2 }
  .frontier { fill: none; stroke: #0b5cad; stroke-width: 2 }
  .on { fill: #0b5cad }
  .off { fill: #fff; stroke: #767676; stroke-width: 1.5 }
  .floor, .cap { stroke: #a3410f; stroke-dasharray: 6 4 }
  .muted { fill: #595959 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #161616 } text { fill: #f2f2f2 } .muted { fill: #b0b0b0 } .grid { stroke: #333 } .off { fill: #161616; stroke: #b0b0b0 }
    .frontier { stroke: #6cb2ff } .on { fill: #6cb2ff } .floor, .cap { stroke: #ff9d66 }
  }`;

/**
 * Frontiers as one SVG, one below the other: cost from left to right (even steps near nothing, then tenfold ones), quality upwards.
 * Filled dots are on the frontier, hollow ones are dominated; dashed lines are the floor and the cap. What it shows stands in words in
 * `title` and `desc`. The same frontiers give the same bytes.
 */
export function drawFrontiers(frontiers: readonly Frontier[]): string {
  const panels = frontiers.map((frontier, row) => drawPanel(frontier, row * HEIGHT));
  const words = frontiers.map((frontier) => `${titleFrontier(frontier)}: ${describeFrontier(frontier)}`).join(' ');
  const height = Math.max(1, frontiers.length) * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    '<title id="title">Cost and quality of the targets</title>',
    `<desc id="desc">${escapeXml(words)}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(frontier: Frontier, y: number): string {
  const { points, floor, cap } = frontier;
  const scale = scalesFor(frontier);
  const bottom = HEIGHT - BOTTOM;
  const right = WIDTH - RIGHT;
  const lines = [
    `<g transform="translate(0 ${y})">`,
    text(LEFT, 28, titleFrontier(frontier), 'title'),
    text(LEFT, 44, `reference request: ${frontier.reference.input} tokens in, ${frontier.reference.output} out`, 'muted'),
  ];
  for (const quality of scale.qualities) {
    const at = fix(scale.y(quality));
    lines.push(`<line class="grid" x1="${LEFT}" x2="${right}" y1="${at}" y2="${at}"/>`);
    lines.push(text(LEFT - 8, scale.y(quality) + 4, (quality / 1e6).toFixed(2), 'muted', 'end'));
  }
  for (const cost of scale.costs) {
    const at = fix(scale.x(cost));
    lines.push(`<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>`);
    lines.push(text(scale.x(cost), bottom + 18, cost === 0 ? 'free' : usd(cost), 'muted', 'middle'));
  }
  lines.push(`<path class="axis" fill="none" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`);
  lines.push(text((LEFT + right) / 2, bottom + 40, 'cost of the reference request', 'muted', 'middle'));
  lines.push(text(LEFT - 48, TOP - 8, 'quality', 'muted'));
  if (floor !== null) {
    const at = scale.y(floor);
    lines.push(`<line class="floor" x1="${LEFT}" x2="${right}" y1="${fix(at)}" y2="${fix(at)}"/>`);
    lines.push(text(right - 4, at - 4, `floor ${(floor / 1e6).toFixed(2)}`, 'muted', 'end'));
  }
  if (cap !== null) {
    const at = scale.x(cap);
    lines.push(`<line class="cap" x1="${fix(at)}" x2="${fix(at)}" y1="${TOP}" y2="${bottom}"/>`);
    lines.push(text(at - 4, TOP + 10, `cap ${usd(cap)}`, 'muted', 'end'));
  }
  const best = points.filter(({ dominatedBy }) => dominatedBy === null);
  if (best.length > 1) {
    const [first, ...rest] = best;
    const steps = rest.map(({ cost, quality }) => `H${fix(scale.x(cost))}V${fix(scale.y(quality))}`).join('');
    lines.push(`<path class="frontier" d="M${fix(scale.x(first.cost))} ${fix(scale.y(first.quality))}${steps}"/>`);
  }
  for (const { cost, quality, dominatedBy } of points) {
    const kind = dominatedBy === null ? 'on' : 'off';
    lines.push(`<circle class="${kind}" cx="${fix(scale.x(cost))}" cy="${fix(scale.y(quality))}" r="5"/>`);
  }
  lines.push(...placeLabels(points, scale), '</g>');
  return lines.join('\n');
}

interface Scales {
  x(cost: number): number;
  y(quality: number): number;
  readonly costs: readonly number[];
  readonly qualities: readonly number[];
}

/** Costs by log(1 + cost ÷ the least one), so that free targets have a place; qualities evenly over what there is, to tenths. */
function scalesFor({ points, floor, cap }: Frontier): Scales {
  const costs = [...points.map(({ cost }) => cost), ...(cap === null ? [] : [cap])];
  const positive = costs.filter((cost) => cost > 0);
  const least = positive.length === 0 ? 1 : Math.min(...positive);
  const most = Math.max(least, ...costs);
  const span = Math.log1p(most / least) * 1.05;
  const qualities = [...points.map(({ quality }) => quality), ...(floor === null ? [] : [floor])];
  const low = Math.floor(Math.min(900_000, ...qualities) / 100_000) * 100_000;
  const high = Math.max(low + 100_000, Math.ceil(Math.max(0, ...qualities) / 100_000) * 100_000);
  const ticks = [0];
  for (let decade = 10 ** Math.ceil(Math.log10(least)); decade <= most; decade *= 10) ticks.push(decade);
  const steps = Array.from({ length: Math.round((high - low) / 100_000) + 1 }, (_, i) => low + i * 100_000);
  return {
    x: (cost) => LEFT + (Math.log1p(cost / least) / span) * (WIDTH - RIGHT - LEFT),
    y: (quality) => HEIGHT - BOTTOM - ((quality - low) / (high - low)) * (HEIGHT - BOTTOM - TOP),
    costs: ticks,
    qualities: steps,
  };
}

/** Names right of their dots, pushed down where they would cover one another. */
function placeLabels(points: readonly FrontierPoint[], scale: Scales): string[] {
  let last = Number.NEGATIVE_INFINITY;
  const placed = points
    .map((point) => ({ point, at: scale.y(point.quality) + 4 }))
    .sort((a, b) => a.at - b.at || a.point.cost - b.point.cost);
  return placed.map(({ point, at }) => {
    const y = Math.max(at, last + LABEL_STEP);
    last = y;
    return text(scale.x(point.cost) + 9, y, point.target, point.dominatedBy === null ? '' : 'muted');
  });
}

/** Two decimals at most, and no trailing zeros: the same number has one spelling. */
const fix = (value: number): string => String(Math.round(value * 100) / 100);

function text(x: number, y: number, words: string, kind: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  const style = `${kind === '' ? '' : ` class="${kind}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${fix(x)}" y="${fix(y)}"${style}>${escapeXml(words)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (words: string): string => words.replace(/[&<>"]/g, (char) => ENTITIES[char]);
