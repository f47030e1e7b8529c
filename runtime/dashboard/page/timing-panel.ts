import uPlot from 'uplot/dist/uPlot.esm.js';
import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { Chart, type Ink } from './chart.ts';
import { BUDGET, type DecisionTimes, readDecisionTimes } from './decision-times.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import type { Samples } from './read-metrics.ts';
import { Table } from './table.ts';

const COLUMNS = [{ title: 'Took' }, { title: 'Decisions', kind: 'number' }, { title: 'Share', kind: 'number' }] as const;

/** How long decisions take, against their millisecond. */
export function TimingPanel({ samples }: { readonly samples: Samples | null }): VNode {
  const times = useMemo(() => (samples === null ? null : readDecisionTimes(samples)), [samples]);
  const buckets = times?.buckets ?? [];
  const data = useMemo<uPlot.AlignedData>(() => {
    const values = buckets.map(({ count }) => (times!.count === 0 ? 0 : (100 * count) / times!.count));
    const within = values.map((value, at) => (buckets[at].from < BUDGET ? value : null));
    const over = values.map((value, at) => (buckets[at].from < BUDGET ? null : value));
    return [values.map((_, at) => at), within, over];
  }, [times]);
  return html`
    <${Panel} id="timing" title="Decision time" lead=${times === null ? 'The budget is 1 ms.' : describe(times)} waiting=${times === null}>
      ${
        times === null
          ? null
          : html`
            <${Chart} label=${`decisions by the time they took: ${describe(times)}`} height=${190} data=${data} version=${buckets.length} options=${(ink: Ink) => draw(ink, buckets)} />
            <details>
              <summary>As a table</summary>
              <${Table} caption="decisions by the time they took" columns=${COLUMNS}>
                <tbody>
                  ${buckets.map(
                    (bucket) => html`
                      <tr key=${bucket.to}>
                        <th scope="row">${nameBucket(bucket)}</th>
                        <td class="number">${bucket.count.toLocaleString('en')}</td>
                        <td class="number">${times.count === 0 ? '–' : `${Number(((100 * bucket.count) / times.count).toPrecision(3))} %`}</td>
                      </tr>
                    `,
                  )}
                </tbody>
              </${Table}>
            </details>
          `
      }
    </${Panel}>
  ` as VNode;
}

function describe({ count, p50, p99, over }: DecisionTimes): string {
  if (count === 0) return 'No decision yet; the budget is 1 ms.';
  const at = (ms: number): string => (Number.isFinite(ms) ? `under ${formatSpan(ms)}` : 'over 10 ms');
  return `Half ${at(p50)}, 99 % ${at(p99)}; ${over.toLocaleString('en')} of ${count.toLocaleString('en')} over the budget of 1 ms.`;
}

function nameBucket({ from, to }: DecisionTimes['buckets'][number]): string {
  return Number.isFinite(to) ? `to ${formatSpan(to)}` : `over ${formatSpan(from)}`;
}

function draw(ink: Ink, buckets: DecisionTimes['buckets']): Omit<uPlot.Options, 'width' | 'height'> {
  const bars = uPlot.paths.bars!({ size: [0.8, 64], radius: 0.15 });
  const series = (name: 'good' | 'bad', label: string): uPlot.Series => ({
    label,
    fill: ink(name),
    stroke: ink(name),
    width: 0,
    paths: bars,
    points: { show: false },
  });
  const font = '12px system-ui, sans-serif';
  return {
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: false, range: [-0.6, buckets.length - 0.4] },
      y: { range: (_plot, _least, most) => [0, Math.max(10, Math.ceil(most / 10) * 10)] },
    },
    series: [{}, series('good', 'within'), series('bad', 'over')],
    axes: [
      {
        stroke: ink('muted'),
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 28,
        splits: () => buckets.map((_, at) => at),
        values: (plot, splits) => splits.map((at) => (plot.width < 520 && at % 2 === 1 ? '' : formatBound(buckets[at]))),
      },
      {
        stroke: ink('muted'),
        font,
        size: 48,
        grid: { stroke: ink('line'), width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => `${value} %`),
      },
    ],
  };
}

function formatBound({ from, to }: DecisionTimes['buckets'][number]): string {
  return Number.isFinite(to) ? formatSpan(to) : `>${formatSpan(from)}`;
}
