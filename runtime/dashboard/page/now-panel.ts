import type uPlot from 'uplot/dist/uPlot.esm.js';
import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { Chart, type Ink } from './chart.ts';
import { readDecisionTimes } from './decision-times.ts';
import { formatClock } from './format-clock.ts';
import { formatDollars } from './format-dollars.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import type { Samples } from './read-metrics.ts';
import type { Budgets, Health } from './server-words.ts';
import type { Polled } from './use-polled.ts';
import { useRates } from './use-rates.ts';

export interface NowPanelProps {
  readonly metrics: Polled<Samples>;
  readonly health: Health | null;
  readonly budgets: Budgets | null;
}

/** The state of things at a glance: traffic of the last minutes, and the numbers that say whether all is well. */
export function NowPanel({ metrics, health, budgets }: NowPanelProps): VNode {
  const rates = useRates(metrics.value, metrics.at);
  const times = metrics.value === null ? null : readDecisionTimes(metrics.value);
  const data = useMemo<uPlot.AlignedData>(
    () => [rates.map(({ at }) => at), rates.map(({ decisions }) => decisions), rates.map(({ failed }) => failed)],
    [rates],
  );
  const newest = rates.at(-1);
  const inFlight = health?.backends.reduce((sum, backend) => sum + backend.in_flight, 0) ?? 0;
  const tightest = budgets?.budgets.toSorted((a, b) => a.headroom_usd / (a.limit_usd || 1) - b.headroom_usd / (b.limit_usd || 1))[0];
  const figures: readonly (readonly [string, string, string])[] = [
    ['decisions a second', newest === undefined ? '–' : formatRate(newest.decisions), `${times?.count.toLocaleString('en') ?? 0} in all`],
    ['failed a second', newest === undefined ? '–' : formatRate(newest.failed), 'answers from 400 up'],
    ['in flight', inFlight.toLocaleString('en'), `${health?.backends.filter(({ state }) => state === 'up').length ?? 0} backends up`],
    ['99 % decide', times === null || times.count === 0 ? '–' : formatTail(times.p99), 'the budget is 1 ms'],
    ...(tightest === undefined
      ? []
      : [['left to spend', formatDollars(tightest.headroom_usd), `of ${formatDollars(tightest.limit_usd)}, ${tightest.name}`] as const]),
  ];
  return html`
    <${Panel} id="now" title="Now" problem=${metrics.problem} waiting=${metrics.value === null && metrics.problem === null}>
      <dl class="figures">
        ${figures.map(([name, value, note]) => html`<div key=${name}><dt>${name}</dt><dd><strong>${value}</strong><small>${note}</small></dd></div>`)}
      </dl>
      <${Chart} label=${`decisions a second over the last five minutes, ${newest === undefined ? 'none yet' : `${formatRate(newest.decisions)} now, ${formatRate(newest.failed)} of them failed`}`} height=${130} data=${data} options=${draw} />
    </${Panel}>
  ` as VNode;
}

function formatRate(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString('en') : String(Number(rate.toPrecision(2)));
}

function formatTail(ms: number): string {
  return Number.isFinite(ms) ? `< ${formatSpan(ms)}` : '> 10 ms';
}

/** Seconds that the chart shows at most, and even where less is known. */
const STRETCH = 300;
const LEAST = 60;

function findStretch(least: number | null, most: number | null): [number, number] {
  const end = most ?? Date.now() / 1e3;
  return [Math.min(end - LEAST, Math.max(least ?? end, end - STRETCH)), end];
}

function draw(ink: Ink): Omit<uPlot.Options, 'width' | 'height'> {
  const font = '12px system-ui, sans-serif';
  return {
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true, range: (_plot, least, most) => findStretch(least, most) },
      y: { range: (_plot, _least, most) => [0, Math.max(5, (most ?? 0) * 1.15)] },
    },
    series: [
      {},
      { label: 'decisions', stroke: ink('accent'), fill: ink('wash'), width: 2, points: { show: false } },
      { label: 'failed', stroke: ink('bad'), width: 2, points: { show: false } },
    ],
    axes: [
      {
        stroke: ink('muted'),
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 28,
        space: 70,
        incrs: [10, 30, 60, 120],
        values: (_plot, splits, _axis, _space, step) => splits.map((at) => formatClock(at * 1e3).slice(0, step < 60 ? undefined : 5)),
      },
      {
        stroke: ink('muted'),
        font,
        size: 48,
        grid: { stroke: ink('line'), width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => `${value}/s`),
      },
    ],
  };
}
