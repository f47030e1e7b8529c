import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import { findSample, type Samples } from './read-metrics.ts';
import type { Health } from './server-words.ts';
import { Table } from './table.ts';
import type { Polled } from './use-polled.ts';

const COLUMNS = [
  { title: 'Target' },
  { title: 'State' },
  { title: 'In flight', kind: 'number' },
  { title: 'First byte, median', kind: 'number' },
  { title: 'p99', kind: 'number' },
  { title: 'Whole answer', kind: 'number' },
  { title: 'Failed, last hour', kind: 'number' },
] as const;

const TONES: Readonly<Record<string, Tone>> = { up: 'good', ready: 'good', loading: 'busy', full: 'busy', down: 'bad', open: 'bad' };

/** Servers and what they serve: health, load, latency, and what a circuit waits for. */
export function BackendsPanel({ health, samples }: { readonly health: Polled<Health>; readonly samples: Samples | null }): VNode {
  const backends = health.value?.backends ?? [];
  const up = backends.filter(({ state }) => state === 'up').length;
  return html`
    <${Panel} id="backends" title="Backends" lead=${`${up} of ${backends.length} up`} problem=${health.problem} waiting=${health.value === null && health.problem === null}>
      <${Table} caption="backends and their targets" columns=${COLUMNS}>
        ${backends.map((backend) => html`<${Group} key=${backend.name} backend=${backend} samples=${samples} />`)}
      </${Table}>
    </${Panel}>
  ` as VNode;
}

function Group({ backend, samples }: { readonly backend: Health['backends'][number]; readonly samples: Samples | null }): VNode {
  const { name, type, zone, state, reason, in_flight, max_in_flight, targets } = backend;
  return html`
    <tbody>
      <tr class="group">
        <th scope="rowgroup">${name} <small>${type}, ${zone}</small></th>
        <td><${Badge} tone=${TONES[state]}>${state}</${Badge}>${reason === null ? null : html`<small class="words">${reason}</small>`}</td>
        <td class="number">${in_flight} of ${max_in_flight.toLocaleString('en')}<progress value=${in_flight} max=${max_in_flight} aria-label=${`load of ${name}`}></progress></td>
        <td colspan="4"></td>
      </tr>
      ${targets.map((target) => html`<${TargetRow} key=${target.model} backend=${name} isUp=${state === 'up'} target=${target} samples=${samples} />`)}
    </tbody>
  ` as VNode;
}

interface TargetRowProps {
  readonly backend: string;
  readonly isUp: boolean;
  readonly target: Health['backends'][number]['targets'][number];
  readonly samples: Samples | null;
}

function TargetRow({ backend, isUp, target, samples }: TargetRowProps): VNode {
  const { model, state, reason, retry_in_ms, in_flight } = target;
  const labels = { target: `${backend}/${model}` };
  const read = (name: string, more = {}): number | null => (samples === null ? null : findSample(samples, name, { ...labels, ...more }));
  const seconds = (value: number | null): string => (value === null || value === 0 ? '–' : formatSpan(value * 1e3));
  const failed = read('policyd_target_error_ratio') ?? 0;
  return html`
    <tr>
      <th scope="row"><code>${model}</code></th>
      <td>
        ${isUp || state !== 'down' ? html`<${Badge} tone=${TONES[state] ?? 'busy'}>${state}</${Badge}>` : '–'}
        ${isUp && reason !== null ? html`<small class="words">${reason}</small>` : null}
        ${retry_in_ms === null || retry_in_ms === 0 ? null : html`<small>again in ${formatSpan(retry_in_ms)}</small>`}
      </td>
      <td class="number">${in_flight}</td>
      <td class="number">${seconds(read('policyd_target_first_token_seconds', { quantile: '0.50' }))}</td>
      <td class="number">${seconds(read('policyd_target_first_token_seconds', { quantile: '0.99' }))}</td>
      <td class="number">${seconds(read('policyd_target_latency_seconds'))}</td>
      <td class="number">${failed === 0 ? '0 %' : `${Number((failed * 100).toPrecision(2))} %`}</td>
    </tr>
  ` as VNode;
}
