import { titleFrontier, usd } from '../../frontier/describe-frontier.ts';
import type { Frontier, FrontierPoint } from '../../frontier/find-frontier.ts';
import type { Paint } from './paint.ts';

/** Frontiers as tables for a terminal. */
export function formatFrontiers(frontiers: readonly Frontier[], paint: Paint): string {
  return `${frontiers.map((frontier) => formatOne(frontier, paint)).join('\n\n')}\n`;
}

function formatOne(frontier: Frontier, paint: Paint): string {
  const { reference, floor, cap, points, unpriced } = frontier;
  const bounds = [
    `${reference.input} tokens in, ${reference.output} out`,
    ...(floor === null ? [] : [`quality ≥ ${floor / 1e6}`]),
    ...(cap === null ? [] : [`cost ≤ ${usd(cap)}`]),
  ];
  const width = Math.max(6, ...points.map(({ target }) => target.length));
  const rows = points.map((point) => {
    const line = `${point.dominatedBy === null ? '●' : '○'} ${point.target.padEnd(width)}  ${costOf(point).padStart(10)}  ${String(point.quality / 1e6).padStart(7)}  ${remark(point)}`;
    return point.dominatedBy === null ? line.trimEnd() : paint.dim(line.trimEnd());
  });
  const rest = unpriced.map((target) => paint.dim(`? ${target.padEnd(width)}  ${'unknown'.padStart(10)}`));
  return [
    `${paint.bold(titleFrontier(frontier))}  ${bounds.join(', ')}`,
    `  ${'target'.padEnd(width)}  ${'cost'.padStart(10)}  quality`,
    ...rows,
    ...rest,
  ].join('\n');
}

const costOf = ({ cost }: FrontierPoint): string => (cost === 0 ? 'free' : usd(cost));

function remark({ dominatedBy, lastResort, meetsFloor, fitsCap }: FrontierPoint): string {
  const words = [];
  if (!meetsFloor) words.push('below the floor');
  if (!fitsCap) words.push('over the cap');
  if (dominatedBy !== null) words.push(`dominated by ${dominatedBy}${lastResort ? ', a last resort' : ''}`);
  return words.join('; ');
}
