import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import { CanaryButtons } from './canary-buttons.ts';
import { formatDollars } from './format-dollars.ts';
import { formatSpan } from './format-span.ts';
import type { Policy } from './server-words.ts';
import { Table } from './table.ts';

type Canary = NonNullable<Policy['canary']>;

const COLUMNS = [
  { title: 'Router' },
  { title: 'Decisions', kind: 'number' },
  { title: 'p99', kind: 'number' },
  { title: 'Failed', kind: 'number' },
  { title: 'Turned away', kind: 'number' },
  { title: 'A request costs', kind: 'number' },
] as const;
const TONES: Readonly<Record<string, Tone>> = { open: 'busy', passed: 'good', promoted: 'good', 'rolled-back': 'bad' };

export interface CanaryStatusProps {
  readonly canary: Canary;
  readonly active: string;
  readonly onChange: () => void;
}

/** A policy that serves a part of the callers, beside the active one over the same time. */
export function CanaryStatus({ canary, active, onChange }: CanaryStatusProps): VNode {
  const { hash, state, percent, keys, reason, min_decisions, decisions } = canary;
  const share = keys === null ? `${percent} % of the callers` : `${keys.canary} of ${keys.all} keys, for ${percent} %`;
  const awaited = state === 'open' && decisions < min_decisions ? `, judged from ${min_decisions} decisions on` : '';
  return html`
    <h3>Canary <${Badge} tone=${TONES[state] ?? 'plain'}>${state}</${Badge}></h3>
    <p class="lead">It serves ${share}${awaited}${reason === null ? '' : `; ${reason}`}.</p>
    <${Table} caption="the canary beside the active router" columns=${COLUMNS}>
      <tbody>
        ${[
          { name: hash, figures: canary },
          { name: active, figures: canary.live },
        ].map(
          ({ name, figures }, row) => html`
            <tr key=${name}>
              <th scope="row"><code>${name.slice(0, 12)}</code> ${row === 0 ? 'canary' : 'active'}</th>
              <td class="number">${figures.decisions.toLocaleString('en')}</td>
              <td class="number">${formatSpan(figures.p99_us / 1e3)}</td>
              <td class="number">${formatShare(figures.error_rate)}</td>
              <td class="number">${formatShare(figures.reject_rate)}</td>
              <td class="number">${formatDollars(figures.cost_usd)}</td>
            </tr>
          `,
        )}
      </tbody>
    </${Table}>
    <${CanaryButtons} hash=${hash} active=${active} isOpen=${state === 'open' || state === 'passed'} onChange=${onChange} />
  ` as VNode;
}

function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
