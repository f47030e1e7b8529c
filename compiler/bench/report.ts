import { cpus } from 'node:os';
import { BUDGET, type PolicyFigures } from './bench-policy.ts';
import type { Ratio } from './ratio.ts';
import type { Table } from './table.ts';

export const tabulatePolicy = (name: string, figures: PolicyFigures): Table => ({
  title: `${name}: ${figures.targets} targets, ${figures.policies} policies, ${figures.names} names; route is ${figures.statements} statements`,
  columns: ['', 'time', 'of 1 ms', 'bytes allocated'],
  rows: [
    [
      'decision (analyze + decide), in batches',
      time(figures.decision.nanoseconds),
      share(figures.decision.nanoseconds),
      String(figures.decision.bytes),
    ],
    ['route alone, in batches', time(figures.route.nanoseconds), share(figures.route.nanoseconds), String(figures.route.bytes)],
    ['decision, p50', time(figures.single.p50), share(figures.single.p50), ''],
    ['decision, p99', time(figures.single.p99), share(figures.single.p99), ''],
    ['decision, max', time(figures.single.max), share(figures.single.max), ''],
    ['decisions over 1 ms', `${figures.single.over} of ${figures.single.timed.toLocaleString('en-US')}`, '', ''],
  ],
  notes: [
    `Requests over the names of the policy, with facts of small bodies and known token counts. Percentiles: decisions timed one by one, each with the cost of two timestamps; collections and pauses of the machine are in them. Bytes: growth of the heap plus what was collected.`,
  ],
});

export const tabulateRatios = (title: string, ratios: readonly Ratio[], notes: readonly string[]): Table => ({
  title,
  columns: ['', 'one', 'other', 'ratio', 'bound', ''],
  rows: ratios.map(({ what, one, other, value, bound, holds }) => [
    what,
    time(one.nanoseconds),
    time(other.nanoseconds),
    value >= 100 ? value.toFixed(0) : value.toFixed(2),
    boundOf(bound),
    bound === null ? '' : holds ? 'holds' : 'MISSED',
  ]),
  notes,
});

export const RATIO_NOTES: readonly string[] = [
  '32 targets; every policy governs a name of its own. Medians over interleaved rounds in one process; core: median of three routers each. Names are fresh strings, made from bytes before each run. Targets change state between runs.',
];

export const rivalNotes = (missing: readonly string[]): string[] => [
  'Twenty rules (name, team, least tier, privacy, cost cap), the first match governs; every engine was first checked to give our answers. From name, team and tokens to a target; engines that only find the rule get the target from a hand-written line.',
  ...(missing.length > 0 ? [`Not installed, not measured: ${missing.join(', ')}.`] : []),
];

export const describeMachine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.versions.node}, V8 ${process.versions.v8}`;

const share = (nanoseconds: number): string => `${((100 * nanoseconds) / BUDGET).toFixed(nanoseconds < 10_000 ? 3 : 1)} %`;

function boundOf(bound: Ratio['bound']): string {
  if (bound === null) return '';
  if (bound.least !== undefined && bound.most !== undefined) return `${bound.least} to ${bound.most}`;
  return bound.most === undefined ? `≥ ${bound.least}` : `≤ ${bound.most}`;
}

function time(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds.toFixed(nanoseconds < 100 ? 1 : 0)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1000).toFixed(2)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}
