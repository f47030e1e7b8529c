import type { Decision } from './decision.ts';
import type { Paint } from './paint.ts';

const WIDTHS = { title: 23, asked: 23, answer: 35, reason: 20, zone: 11, cost: 11, time: 8 } as const;
type Column = keyof typeof WIDTHS;
const RIGHT: ReadonlySet<Column> = new Set(['cost', 'time']);

const HEADINGS: Readonly<Record<Column, string>> = {
  title: 'request',
  asked: 'model',
  answer: '→ backend / model',
  reason: 'reason',
  zone: 'zone',
  cost: 'cost',
  time: 'decided',
};

/** The heading of the table of decisions. */
export function formatHeading(paint: Paint): string {
  return paint.bold(layOut(HEADINGS));
}

/** A decision as one line. Cost is the estimate before the call; the time is that of the decision alone. */
export function formatDecision(title: string, asked: string, decision: Decision, paint: Paint): string {
  const { status, backend, model, reason, zone, cost, micros } = decision;
  const routed = status === 200;
  const line = layOut({
    title,
    asked,
    answer: routed ? `→ ${backend} / ${model}` : `✗ ${status} ${model}`,
    reason: routed ? reason : '',
    zone: routed ? zone : '',
    cost: routed ? (cost === null ? 'free' : `$${cost}`) : '',
    time: micros === 0 ? '' : `${Math.round(micros)} µs`,
  });
  return routed ? line : paint.yellow(line);
}

function layOut(cells: Readonly<Record<Column, string>>): string {
  const columns = Object.keys(WIDTHS) as Column[];
  const padded = columns.map((column) =>
    RIGHT.has(column) ? cells[column].padStart(WIDTHS[column]) : cells[column].padEnd(WIDTHS[column]),
  );
  return padded.join(' ').trimEnd();
}
