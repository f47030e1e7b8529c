import uPlot from 'uplot/dist/uPlot.esm.js';
import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { askJson } from './ask.ts';
import { Badge } from './badge.ts';
import { Chart, type Ink } from './chart.ts';
import { formatDollars } from './format-dollars.ts';
import { Panel } from './panel.ts';
import type { Problem } from './problem.ts';
import { Table } from './table.ts';

interface Point {
  readonly target: string;
  readonly cost_usd: number | null;
  readonly quality: number;
  readonly dominated_by: string | null;
}

/** `GET /v1/policy/frontier`. */
interface Frontiers {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly classes: readonly { readonly class: string | null; readonly points: readonly Point[] }[];
}

const COLUMNS = [
  { title: 'Target' },
  { title: 'Quality', kind: 'number' },
  { title: 'Cost', kind: 'number' },
  { title: 'Frontier' },
] as const;

/** Quality against cost of what a class of requests may go to. */
export function FrontierPanel({ router, version }: { readonly router: string | null; readonly version: unknown }): VNode {
  const [found, setFound] = useState<{ readonly value: Frontiers | null; readonly problem: Problem | null }>({
    value: null,
    problem: null,
  });
  const [chosen, setChosen] = useState('');
  useEffect(() => {
    let over = false;
    askJson<Frontiers>('/v1/policy/frontier').then(
      (value) => over || setFound({ value, problem: null }),
      (problem: Problem) => over || setFound({ value: null, problem }),
    );
    return () => {
      over = true;
    };
  }, [router, version]);
  const { value, problem } = found;
  const points = value?.classes.find((one) => (one.class ?? '') === chosen)?.points ?? value?.classes[0]?.points ?? [];
  const tools =
    value === null
      ? null
      : html`
          <label class="inline">Class
            <select value=${chosen} onChange=${(event: Event) => setChosen((event.target as HTMLSelectElement).value)}>
              ${value.classes.map((one) => html`<option key=${one.class ?? ''} value=${one.class ?? ''}>${one.class ?? 'any'}</option>`)}
            </select>
          </label>
        `;
  const lead =
    value === null
      ? 'Quality against cost.'
      : `Quality against the cost of ${value.input_tokens.toLocaleString('en')} tokens in and ${value.output_tokens.toLocaleString('en')} out.`;
  return html`
    <${Panel} id="frontier" title="Pareto frontier" lead=${lead} tools=${tools} problem=${problem} waiting=${value === null && problem === null}>
      ${
        value === null
          ? null
          : html`
        <${Scatter} points=${points} />
        <${Table} caption="targets by quality and cost" columns=${COLUMNS} empty=${points.length === 0 ? 'No target serves this class.' : null}>
          <tbody>${points.map(
            (point) => html`
            <tr key=${point.target}>
              <th scope="row"><code>${point.target}</code></th>
              <td class="number">${point.quality}</td>
              <td class="number">${point.cost_usd === null ? 'unknown' : point.cost_usd === 0 ? 'free' : formatDollars(point.cost_usd)}</td>
              <td>${describe(point)}</td>
            </tr>`,
          )}
          </tbody>
        </${Table}>
      `
      }
    </${Panel}>
  ` as VNode;
}

function describe({ cost_usd, dominated_by }: Point): VNode | string {
  if (cost_usd === null) return '–';
  if (dominated_by === null) return html`<${Badge} tone="good">on it</${Badge}>` as VNode;
  return html`<small>${dominated_by} is as good, and no dearer</small>` as VNode;
}

function Scatter({ points }: { readonly points: readonly Point[] }): VNode {
  const priced = useMemo(() => points.filter(({ cost_usd }) => cost_usd !== null).sort((a, b) => a.cost_usd! - b.cost_usd!), [points]);
  const data = useMemo<uPlot.AlignedData>(
    () => [
      priced.map(({ cost_usd }) => cost_usd!),
      priced.map(({ quality, dominated_by }) => (dominated_by === null ? quality : null)),
      priced.map(({ quality, dominated_by }) => (dominated_by === null ? null : quality)),
    ],
    [priced],
  );
  const best = priced.filter(({ dominated_by }) => dominated_by === null).map(({ target }) => target);
  const version = priced.map(({ target }) => target).join();
  return html`<${Chart} label=${`quality against cost; on the frontier: ${best.join(', ') || 'nothing'}`} height=${220} data=${data} version=${version} options=${(ink: Ink) => draw(ink, priced)} />` as VNode;
}

function draw(ink: Ink, priced: readonly Point[]): Omit<uPlot.Options, 'width' | 'height'> {
  const font = '12px system-ui, sans-serif';
  const most = Math.max(0.001, ...priced.map(({ cost_usd }) => cost_usd!));
  const least = Math.min(1, ...priced.map(({ quality }) => quality));
  return {
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: false, range: [-most * 0.05, most * 1.25] }, y: { range: [Math.max(0, least - 0.1), 1] } },
    series: [
      {},
      {
        label: 'on the frontier',
        stroke: ink('good'),
        width: 2,
        spanGaps: true,
        paths: uPlot.paths.stepped!({ align: 1 }),
        points: { show: true, size: 10, fill: ink('good') },
      },
      { label: 'dominated', stroke: ink('muted'), paths: () => null, points: { show: true, size: 8, fill: ink('muted') } },
    ],
    axes: [
      {
        stroke: ink('muted'),
        font,
        grid: { show: false },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => (value < 0 ? '' : formatDollars(value))),
      },
      { stroke: ink('muted'), font, size: 48, grid: { stroke: ink('line'), width: 1 }, ticks: { show: false } },
    ],
  };
}
