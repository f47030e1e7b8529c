import type { Frontier } from './find-frontier.ts';

/** What a frontier is of. */
export function titleFrontier({ category, class: taskClass }: Frontier): string {
  if (category === null) return taskClass === null ? 'All targets' : `Class ${taskClass}`;
  return taskClass === null ? `Category ${category}` : `Category ${category}, class ${taskClass}`;
}

/** A frontier in words, for those who don't see the drawing. */
export function describeFrontier({ points, floor, cap, unpriced }: Frontier): string {
  const best = points.filter(({ dominatedBy }) => dominatedBy === null);
  const sentences = [
    best.length === 0
      ? 'no target has a known price.'
      : `on the frontier ${best.map(({ target, cost, quality }) => `${target} (${cost === 0 ? 'free' : usd(cost)}, quality ${quality / 1e6})`).join(', ')}.`,
  ];
  for (const { target, dominatedBy } of points) if (dominatedBy !== null) sentences.push(`${target} is dominated by ${dominatedBy}.`);
  if (floor !== null) sentences.push(`Floor ${floor / 1e6}.`);
  if (cap !== null) sentences.push(`Cap ${usd(cap)}.`);
  if (unpriced.length > 0) sentences.push(`Without a known price: ${unpriced.join(', ')}.`);
  return sentences.join(' ');
}

/** Pico-dollars as USD, to three significant digits. */
export function usd(pico: number): string {
  if (pico === 0) return '$0';
  const dollars = pico / 1e12;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(dollars)));
  return `$${dollars
    .toFixed(Math.min(12, digits))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')}`;
}
