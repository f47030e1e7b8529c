import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import { formatDollars } from './format-dollars.ts';
import { Panel } from './panel.ts';
import type { Budgets } from './server-words.ts';
import { Table } from './table.ts';
import type { Polled } from './use-polled.ts';

type Budget = Budgets['budgets'][number];

const COLUMNS = [
  { title: 'Budget' },
  { title: 'State' },
  { title: 'Used', kind: 'wide' },
  { title: 'Settled', kind: 'number' },
  { title: 'Reserved', kind: 'number' },
  { title: 'Headroom', kind: 'number' },
  { title: 'Per hour', kind: 'number' },
  { title: 'At the end', kind: 'number' },
] as const;

const TONES: Readonly<Record<Budget['status'], Tone>> = { Normal: 'good', SoftLimit: 'busy', HardLimit: 'bad' };
const WORDS: Readonly<Record<Budget['status'], string>> = { Normal: 'normal', SoftLimit: 'soft limit', HardLimit: 'hard limit' };

/** What may be spent, what is, and how long it will last. */
export function BudgetsPanel({ budgets }: { readonly budgets: Polled<Budgets> }): VNode {
  const rows = budgets.value?.budgets ?? [];
  return html`
    <${Panel} id="budgets" title="Budgets" lead="Settled is spent, reserved is set aside for calls in flight." problem=${budgets.problem} waiting=${budgets.value === null && budgets.problem === null}>
      <${Table} caption="budgets in their current windows" columns=${COLUMNS} empty=${rows.length === 0 && budgets.value !== null ? 'The policy has no budgets.' : null}>
        <tbody>${rows.map((budget) => html`<${Row} key=${budget.name} budget=${budget} />`)}</tbody>
      </${Table}>
    </${Panel}>
  ` as VNode;
}

function Row({ budget }: { readonly budget: Budget }): VNode {
  const { name, scope, window, status, limit_usd, settled_usd, reserved_usd, lost_usd, headroom_usd } = budget;
  const used = limit_usd - headroom_usd;
  const percent = limit_usd === 0 ? 100 : Math.round((used / limit_usd) * 100);
  return html`
    <tr>
      <th scope="row">${name} <small>${scope === 'all' || scope === '' ? 'everything' : scope}, ${window}</small></th>
      <td><${Badge} tone=${TONES[status]}>${WORDS[status]}</${Badge}></td>
      <td class="wide"><progress class=${TONES[status]} value=${Math.min(used, limit_usd)} max=${limit_usd || 1} aria-label=${`used of ${name}`}></progress><small>${percent} % of ${formatDollars(limit_usd)}</small></td>
      <td class="number">${formatDollars(settled_usd)}</td>
      <td class="number">${formatDollars(reserved_usd)}${lost_usd > 0 ? html`<small>and ${formatDollars(lost_usd)} unaccounted for</small>` : null}</td>
      <td class="number">${formatDollars(headroom_usd)}</td>
      <td class="number">${formatDollars(budget.burn_usd_per_hour)}</td>
      <td class="number">${formatDollars(budget.forecast_usd)}${budget.exhausted_at === null ? null : html`<small>used up ${budget.exhausted_at.slice(0, 16).replace('T', ' ')} UTC</small>`}</td>
    </tr>
  ` as VNode;
}
